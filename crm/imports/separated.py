"""Texts with a separator (CSV and its kin), read by Arrow's parser in blocks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from crm.imports.declared import FileSpec
from crm.imports.errors import FileError
from crm.imports.locate import Located
from crm.imports.rows import Note, text_schema, unique_names

BLOCK = 32 * 2**20  # a row must fit into one block, so a cell of 10 MB is read, named and rejected
PLAIN = FileSpec(name="plain", paths=(), format="csv")


def header(spec: FileSpec, located: Located) -> list[str]:
    """The columns of a file: declared, or read from its header line.

    Raises
    ------
    FileError
        If the file is empty or of another encoding.
    """
    if spec.columns:
        return unique_names(spec.columns)
    with located.open() as raw:
        encoding = "utf-8-sig" if spec.encoding.lower() in ("utf-8", "utf8") else spec.encoding
        try:
            text = io.TextIOWrapper(raw, encoding=encoding, newline="")
            for _ in range(spec.skip):
                text.readline(BLOCK)
            rows = csv.reader(text, delimiter=spec.delimiter, quotechar=spec.quote)
            names: list[str] = next((row for row in rows if row), [])
            text.detach()
        except (UnicodeDecodeError, LookupError) as error:
            raise _wrong_encoding(spec, located, error) from error
        except csv.Error as error:
            raise FileError(
                f"{located} has no header line ({error}); names with {spec.delimiter!r} between are expected"
            ) from error
    if not names:
        raise FileError(f"{located} is empty; a header line and rows are expected; export it again")
    return unique_names(names)


def separated(
    raw: IO[bytes], names: list[str], spec: FileSpec, located: Located, note: Note
) -> Iterator[pa.RecordBatch]:
    """Batches of texts and ``row_no``; empty cells are null, empty lines are no rows.

    Parameters
    ----------
    raw : binary stream
    names : list of str
        See `header`.
    spec : FileSpec
    located : Located
        For messages.
    note : callable
        Told number and reason of each row that is left out.

    Raises
    ------
    FileError
        If the encoding is another, or a row is too long to be one.
    """
    has_header = not spec.columns
    dropped: set[int] = set()
    counted = _Counted(raw, spec.quote.encode())
    last: pa.RecordBatch | None = None

    def drop(row: Any) -> str:
        number = row.number - has_header
        dropped.add(number)
        note(number, f"the row has {row.actual_columns} columns; {row.expected_columns} are expected")
        return "skip"

    start = 1
    try:
        for batch in texts(counted, names, spec, drop):
            last = batch if batch.num_rows else last
            numbers = _numbers(start, batch.num_rows, dropped)
            start = int(numbers[-1]) + 1 if batch.num_rows else start
            yield pa.record_batch([*batch.columns, pa.array(numbers)], schema=text_schema(names))
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise _wrong_encoding(spec, located, error) from error
        if "Empty CSV" in str(error):
            return
        raise FileError(
            f"{located} has a row of more than {BLOCK // 2**20} MB ({_first(error)}); shorter rows are expected; "
            f"look for a missing {spec.quote} and for the delimiter {spec.delimiter!r}"
        ) from error
    except UnicodeDecodeError as error:
        raise _wrong_encoding(spec, located, error) from error
    if counted.found % 2 and last is not None and _has_line_break(last):
        raise FileError(
            f"{located} opens a {spec.quote} in or after row {start - 1} that is never closed; quotes in pairs are "
            f"expected; "
            "close it, or declare another `quote`"
        )


class _Counted:
    """A stream that counts how often a byte went by."""

    def __init__(self, raw: IO[bytes], sought: bytes) -> None:
        self._raw, self._sought = raw, sought
        self.found = 0
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        content = self._raw.read(size)
        self.found += content.count(self._sought)
        return content

    def close(self) -> None:
        """Leave the stream to its owner."""
        self.closed = True


def _has_line_break(batch: pa.RecordBatch) -> bool:
    """Whether a cell of the last row holds one."""
    return any("\n" in (column[-1].as_py() or "") for column in batch.columns)


def texts(
    raw: IO[bytes] | _Counted, names: list[str], spec: FileSpec = PLAIN, drop: Any = None
) -> Iterator[pa.RecordBatch]:
    """Batches of texts under the names given, the header line left out."""
    yield from pc.open_csv(
        raw,
        read_options=pc.ReadOptions(
            block_size=BLOCK,
            use_threads=False,
            column_names=names,
            skip_rows=spec.skip,
            skip_rows_after_names=0 if spec.columns else 1,
            encoding=spec.encoding,
        ),
        parse_options=pc.ParseOptions(
            delimiter=spec.delimiter, quote_char=spec.quote, newlines_in_values=True, invalid_row_handler=drop
        ),
        convert_options=pc.ConvertOptions(
            column_types={name: pa.string() for name in names}, null_values=[""], strings_can_be_null=True
        ),
    )


def _numbers(start: int, count: int, dropped: set[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The next numbers of rows that were not dropped."""
    if not dropped:
        return np.arange(start, start + count, dtype=np.int64)
    numbers = np.arange(start, start + count + len(dropped), dtype=np.int64)
    return numbers[~np.isin(numbers, list(dropped))][:count]


def _wrong_encoding(spec: FileSpec, located: Located, error: Exception) -> FileError:
    return FileError(
        f"{located} is not {spec.encoding} ({_first(error)}); text in its declared encoding is expected; "
        "declare `encoding` (such as latin-1) for the file"
    )


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
