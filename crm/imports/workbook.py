"""Workbooks: guarded, then read in a process of their own, so that no workbook can take ours down."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from crm.imports.declared import FileSpec
from crm.imports.errors import WorkbookError
from crm.imports.guard import check_workbook
from crm.imports.rows import ROW_NO, text_schema, unique_names
from crm.imports.separated import texts

CHILD = Path(__file__).with_name("sheet.py")
SECONDS = 900
_LEAST_MB = 512  # address space that the reader's libraries alone reserve
_NO_SUCH_SHEET = 3


@dataclass(frozen=True)
class Sheet:
    """A sheet as batches of texts.

    Attributes
    ----------
    names : list of str
        Columns, ``row_no`` last.
    batches : iterator of pa.RecordBatch
    """

    names: list[str]
    batches: Iterator[pa.RecordBatch]


@contextmanager
def read_sheet(path: Path, place: str, spec: FileSpec, memory_mb: int) -> Iterator[Sheet]:
    """Read one sheet of a workbook.

    Parameters
    ----------
    path : Path
        The workbook on disk.
    place : str
        Its name, for messages.
    spec : FileSpec
        `sheet` and `skip` count.
    memory_mb : int
        Address space that the reading process may take.

    Raises
    ------
    WorkbookError
        If the guard refuses it, the sheet does not exist, or reading failed or passed its limits.
    """
    check_workbook(path, place)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "sheet.csv"
        _run(path, place, spec, output, max(_LEAST_MB, memory_mb))
        with output.open(encoding="utf-8", newline="") as file:
            names = unique_names(next(csv.reader(file))[1:])
        with output.open("rb") as raw:
            yield Sheet([*names, ROW_NO], _batches(raw, names))


def _batches(raw: IO[bytes], names: list[str]) -> Iterator[pa.RecordBatch]:
    schema = text_schema(names)
    for batch in texts(raw, [ROW_NO, *names]):
        yield pa.record_batch([*batch.columns[1:], batch.column(0).cast(pa.int64())], schema=schema)


def _run(path: Path, place: str, spec: FileSpec, output: Path, megabytes: int) -> None:
    command = [
        sys.executable,
        "-I",
        str(CHILD),
        str(path.absolute()),
        spec.sheet or "",
        str(spec.skip),
        str(output),
        str(megabytes),
        str(SECONDS),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603 - our own script, no shell
    except subprocess.TimeoutExpired as error:
        raise WorkbookError(
            f"{place} takes more than {SECONDS} s to read; a smaller workbook is expected; export it as CSV"
        ) from error
    if done.returncode == _NO_SUCH_SHEET:
        raise WorkbookError(
            f"{place} has no sheet {spec.sheet!r}; its sheets are {done.stdout}; mend `sheet` of the file "
            f"{spec.name} in the mapping"
        )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"the reader ended with {done.returncode}"
        raise WorkbookError(
            f"{place} cannot be read within {megabytes} MB ({reason}); a sound workbook is expected; save it again "
            f"or export it as CSV"
        )
