"""Files of every kind become Arrow batches of texts, with the number of each row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from configs import Settings
from crm.imports.declared import FileSpec
from crm.imports.errors import FileError
from crm.imports.locate import Located
from crm.imports.rows import BATCH, ROW_NO, Malformed, Note, Opened, batched, text_schema, unique_names
from crm.imports.separated import header, separated
from crm.imports.workbook import read_sheet


@contextmanager
def opened(spec: FileSpec, located: Located, settings: Settings) -> Iterator[Opened]:
    """Open a file as batches of texts.

    Parameters
    ----------
    spec : FileSpec
    located : Located
    settings : Settings
        `memory_mb` bounds the reading of workbooks.

    Yields
    ------
    Opened
        Rows that are no rows (too many or too few columns, broken JSON) are in its `malformed`.

    Raises
    ------
    FileError
        If the file is not of the declared format.
    """
    malformed: list[Malformed] = []

    def note(row_no: int, message: str) -> None:
        malformed.append(Malformed(row_no, message))

    if spec.format in ("parquet", "xlsx"):
        with located.on_disk() as path:
            if spec.format == "xlsx":
                with read_sheet(path, str(located), spec, settings.memory_mb) as sheet:
                    yield Opened(sheet.names, sheet.batches, malformed)
            else:
                names = _parquet_names(path, located)
                yield Opened([*names, ROW_NO], _parquet(path, names), malformed)
        return
    names = list(spec.spans) if spec.format == "fixed" else header(spec, located) if spec.format == "csv" else []
    with located.open() as raw:
        if spec.format == "csv":
            yield Opened([*names, ROW_NO], separated(raw, names, spec, located, note), malformed)
        elif spec.format == "fixed":
            yield Opened([*names, ROW_NO], batched(names, _fixed_rows(raw, spec, located)), malformed)
        else:
            names, batches = _json_lines(raw, spec, located, note)
            yield Opened([*names, ROW_NO], batches, malformed)


def _lines(raw: IO[bytes], spec: FileSpec, located: Located) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers, after those to be skipped."""
    number = 0
    for place, line in enumerate(raw):
        if place < spec.skip:
            continue
        try:
            text = line.decode(spec.encoding).rstrip("\r\n")
        except (UnicodeDecodeError, LookupError) as error:
            raise FileError(
                f"{located} is not {spec.encoding} in line {place + 1} ({error}); text in its declared encoding is "
                f"expected; "
                "declare `encoding` (such as latin-1) for the file"
            ) from error
        if text.strip():
            number += 1
            yield number, text.removeprefix("\ufeff") if number == 1 else text


def _fixed_rows(raw: IO[bytes], spec: FileSpec, located: Located) -> Iterator[tuple[int, list[str | None]]]:
    spans = list(spec.spans.values())
    for number, text in _lines(raw, spec, located):
        yield number, [text[first - 1 : last].strip() or None for first, last in spans]


def _json_lines(
    raw: IO[bytes], spec: FileSpec, located: Located, note: Note
) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    rows: list[tuple[int, dict[str, Any]]] = []
    keys: dict[str, None] = {}
    for number, text in _lines(raw, spec, located):
        try:
            row = json.loads(text)
        except ValueError as error:
            note(number, f"the line is no JSON ({error}); one object in each line is expected")
            continue
        if not isinstance(row, dict):
            note(number, f"the line is a {type(row).__name__}; one JSON object in each line is expected")
            continue
        keys.update(dict.fromkeys(row))
        rows.append((number, row))
    names = unique_names(keys)
    return names, batched(names, ((number, [_json_text(row.get(key)) for key in keys]) for number, row in rows))


def _json_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _parquet_names(path: Path, located: Located) -> list[str]:
    try:
        return unique_names(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise FileError(f"{located} is no Parquet file ({error}); one is expected; export it again") from error


def _parquet(path: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
    start = 1
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH):
            numbers = pa.array(range(start, start + batch.num_rows), pa.int64())
            start += batch.num_rows
            yield pa.record_batch([*[_as_text(column) for column in batch.columns], numbers], schema=text_schema(names))


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_nested(kind):
        return pa.array([_json_text(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = column.cast(pa.timestamp(kind.unit, "UTC"))
    return column.cast(pa.string())
