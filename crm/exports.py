"""Every row of a table as a file: CSV, XLSX or Parquet, in bounded memory, whole or not at all, and audited.

For administrators, so that records can be taken elsewhere. Lists of people to contact are segments.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Table

from crm.errors import RecordsError
from crm.reader import find
from crm.records import Records
from crm.sheets import TooLongError, write_sheets
from crm.surface import shown, written

FORMATS = ("csv", "xlsx", "parquet")


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes
    ----------
    table, format : str
    path : Path
    rows : int
    bytes : int
    sheets : int
        Sheets of a workbook, else 0.
    sha256 : str
        Of the file.
    seconds : float
    """

    table: str
    format: str
    path: Path
    rows: int
    bytes: int
    sheets: int
    sha256: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self) | {"path": str(self.path)}


def export_table(records: Records, table: str, path: Path, format: str) -> ExportReport:  # noqa: A002 - the word that people use
    """Write every row of a table to a file.

    Parameters
    ----------
    records : Records
    table : str
        Any table of the schema, ``<table>_versions`` included.
    path : Path
        The file; one that is there is replaced when the new one is complete.
    format : str
        ``csv`` (UTF-8; null is nothing, an empty text is ``""``), ``xlsx`` (a further sheet past 1,048,576 rows)
        or ``parquet``. Money is an exact decimal with four places, moments are UTC (ISO 8601 in csv and xlsx);
        a text that a spreadsheet would run is led by an apostrophe in csv and xlsx.

    Returns
    -------
    ExportReport

    Raises
    ------
    RecordsError
        If the table or the format is unknown, or the file cannot be written; nothing is left behind then.
    """
    found, columns = find(table)
    if format not in FORMATS:
        raise RecordsError(
            f"the format {format!r} is unknown; one of {', '.join(FORMATS)} is expected; name one of them"
        )
    started = time.monotonic()
    write = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}[format]
    path = path.expanduser().absolute()
    try:
        with _whole(path) as part:
            rows, sheets = write(found, records.batches(table, columns), part)
            digest, size = _digest(part), part.stat().st_size
            detail = {"format": format, "rows": rows, "sha256": digest, "path": str(path)}
            records.audit("records.export", table, detail)
    except TooLongError as error:
        raise RecordsError(
            f"{table}.{error.column} has a text of {error.length:,} characters; a cell of a workbook holds 32,767; "
            "export as csv or parquet"
        ) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise RecordsError(
            f"the export to {path} cannot be written ({reason}); "
            "a writable folder with free space is expected; make room or name another file"
        ) from error
    return ExportReport(table, format, path, rows, size, sheets, digest, time.monotonic() - started)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place at the end, or vanishes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.chmod(0o600)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _csv(table: Table, batches: Iterator[pa.RecordBatch], path: Path) -> tuple[int, int]:
    from pyarrow import csv

    schema, rows = shown(table), 0
    with csv.CSVWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(written(table, batch, schema, is_text=True))
            rows += batch.num_rows
    return rows, 0


def _parquet(table: Table, batches: Iterator[pa.RecordBatch], path: Path) -> tuple[int, int]:
    from pyarrow import parquet

    schema, rows = shown(table, is_text=False), 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(written(table, batch, schema, is_text=False))
            rows += batch.num_rows
    return rows, 0


def _xlsx(table: Table, batches: Iterator[pa.RecordBatch], path: Path) -> tuple[int, int]:
    schema = shown(table)
    return write_sheets(path, table.name, schema, (written(table, batch, schema, is_text=True) for batch in batches))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
