"""Exchange: one log's history as Parquet, for Spark, object storage and other programs, and read from there again.

A folder of a log holds ``log.json``, one ``bucket-00000.parquet`` per bucket and, where there are any,
``ghosts.parquet`` (versions that are never seen but replace others). Money is in whole ten-thousandths, moments are
timestamps in UTC, and a null ``superseded_at`` means that the row still counts.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.declare.log import Kind, Log
from features.errors import HistoryError
from features.history.dictionary import Dictionary
from features.history.files import Bucket, bucket_of
from features.history.log import LogReader, LogState
from features.history.rows import SYSTEM, TIMES, Rows, concatenate, count, empty_like, words
from features.kernel.codes import FOREVER, NULL
from features.kernel.program import Ints

FORMAT = 2
ABOUT, GHOSTS = "log.json", "ghosts.parquet"
MOMENT = pa.timestamp("us", tz="UTC")
TYPES: dict[Kind, pa.DataType] = {"moment": MOMENT, "day": pa.date32(), "flag": pa.bool_()}


def export_log(reader: LogReader, folder: Path) -> LogState:
    """Write a log as it stands now, delta included, to a new folder; bucket by bucket.

    Parameters
    ----------
    reader : LogReader
    folder : Path
        Made here; ``log.json`` is written last, so a folder without it is not finished.

    Returns
    -------
    LogState
        What the folder holds: every row is in its buckets.
    """
    folder.mkdir(parents=True)
    names = list(reader.ghosts)
    ghosts = concatenate([{name: part[name] for name in names} for part in (reader.ghosts, reader.delta.ghosts)])
    if count(ghosts):
        pq.write_table(as_arrow(ghosts, reader), folder / GHOSTS)
    rows = 0
    for number in range(reader.state.buckets):
        part = reader.standing(number)
        rows += count(part)
        pq.write_table(as_arrow(part, reader), folder / f"bucket-{number:05d}.parquet")
    state = replace(reader.state, rows=rows, compacted=reader.state.watermark, delta="", delta_rows=0)
    about = {"format": FORMAT, "log": reader.log.name, "state": asdict(state), "texts": reader.dictionary.texts}
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
    return state


class ParquetReader(LogReader):
    """A log in a folder that `export_log` wrote, read bucket by bucket; answers as the log itself does.

    Parameters
    ----------
    log : Log
    folder : Path

    Raises
    ------
    HistoryError
        If the folder is not finished, of another format, or holds another log.
    """

    def __init__(self, log: Log, folder: Path) -> None:
        about = _about(folder)
        if about["log"] != log.name:
            raise HistoryError(
                f"{folder} holds the log {about['log']!r}; {log.name!r} is expected; give the folder of that log"
            )
        state = about["state"]
        super().__init__(log, LogState(**(state | {"columns": tuple(state["columns"])})), folder)
        self._texts: dict[str, list[str]] = about["texts"]

    @cached_property
    def dictionary(self) -> Dictionary:
        """The texts of its columns."""
        return Dictionary(self._texts)

    @cached_property
    def ghosts(self) -> Rows:
        """Versions beside the buckets that are never seen."""
        path = self.folder / GHOSTS
        columns = ("entity", *TIMES, *SYSTEM[1:], *self.state.columns)
        return self._rows(path) if path.exists() else empty_like(columns)

    def _map(self, number: int, *, check: bool) -> Bucket:  # noqa: ARG002 - Parquet checks itself
        return bucket_of(self._rows(self.folder / f"bucket-{number:05d}.parquet"))

    def _rows(self, path: Path) -> Rows:
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise HistoryError(
                f"the history part {path} cannot be read ({str(error).splitlines()[0]}); a Parquet file written by "
                "Rapport is expected; export the log again"
            ) from error
        return from_arrow(table, self.log, self.dictionary)


class ParquetHistory:
    """Logs in folders named like them below one folder, for those who only read.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._readers: dict[str, ParquetReader] = {}

    def reader(self, log: Log) -> ParquetReader:
        """The reader of a log; raises like `ParquetReader`."""
        if log.name not in self._readers:
            self._readers[log.name] = ParquetReader(log, self.folder / log.name)
        return self._readers[log.name]


def as_arrow(rows: Rows, reader: LogReader) -> pa.Table:
    """Rows of a log as Arrow, every column in its own type; the words come back by `from_arrow`."""
    columns: dict[str, pa.Array] = {"entity": _whole(rows["entity"])}
    for name in TIMES:
        end = NULL if name != "superseded_at" else FOREVER
        columns[name] = pa.array(rows[name], mask=rows[name] == end).cast(MOMENT)
    columns |= {name: pa.array(rows[name]) for name in SYSTEM[1:]}
    for name in reader.state.columns:
        columns[name] = _typed(rows[name], reader.log.columns[name].kind, reader.dictionary.texts.get(name, []))
    return pa.table(columns)


def from_arrow(table: pa.Table, log: Log, dictionary: Dictionary) -> Rows:
    """The words of what `as_arrow` made."""
    rows: Rows = {}
    for name in table.column_names:
        column = table.column(name)
        is_text = name in log.columns and log.columns[name].kind == "text"
        rows[name] = dictionary.encode(name, column) if is_text else words(column)
    rows["superseded_at"] = np.where(rows["superseded_at"] == NULL, FOREVER, rows["superseded_at"])
    return rows


def _whole(values: Ints) -> pa.Array:
    return pa.array(values, mask=values == NULL)


def _typed(values: Ints, kind: Kind, texts: list[str]) -> pa.Array:
    if kind == "float":
        floats = values.view(np.float64)
        return pa.array(floats, mask=np.isnan(floats))
    if kind == "text":
        codes = pa.array(values.astype(np.int32, copy=True), mask=values == NULL)
        return pa.DictionaryArray.from_arrays(codes, pa.array(texts, pa.string()))
    plain = _whole(values)
    if kind == "day":
        return pc.cast(pc.cast(plain, MOMENT), pa.timestamp("us")).cast(pa.date32())
    return plain.cast(TYPES[kind]) if kind in TYPES else plain


def _about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HistoryError(
            f"{path} cannot be read ({error}); the JSON that an export of the history writes is expected; export the "
            "log again"
        ) from error
    return content
