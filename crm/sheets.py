"""Rows as a workbook, row by row in bounded memory; further sheets where one is full."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

SHEET_ROWS = 1_048_575  # below the heading
CELL_LENGTH = 32_767
_EXACT = 10**15  # a cell's number keeps fifteen digits


class TooLongError(Exception):
    """A text does not fit into a cell.

    Parameters
    ----------
    column : str
    length : int
        Characters.
    """

    def __init__(self, column: str, length: int) -> None:
        super().__init__(f"{column}: {length}")
        self.column = column
        self.length = length


def write_sheets(
    path: Path, title: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, sheet_rows: int = SHEET_ROWS
) -> tuple[int, int]:
    """Write batches to a workbook.

    Parameters
    ----------
    path : Path
    title : str
        Name of the first sheet; further ones are numbered.
    schema : pa.Schema
        Its field names are the heading of every sheet.
    batches : iterable of pa.RecordBatch
        Every text is written as a text, never as a formula or a link.
    sheet_rows : int
        Rows of one sheet below its heading.

    Returns
    -------
    tuple of int and int
        Rows and sheets.

    Raises
    ------
    TooLongError
        If a text is longer than a cell.
    OSError
        If the file cannot be written.
    """
    import xlsxwriter

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        book = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder})
        book.use_zip64()
        try:
            written = _fill(book, title, schema, batches, sheet_rows)
            book.close()
        finally:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
    return written


def _fill(
    book: Any, title: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], sheet_rows: int
) -> tuple[int, int]:
    rows, sheets = 0, 1
    sheet = _sheet(book, title, schema)
    for batch in batches:
        columns = [_cells(field, column) for field, column in zip(schema, batch.columns, strict=True)]
        for values in zip(*columns, strict=True):
            if rows == sheets * sheet_rows:
                sheets += 1
                sheet = _sheet(book, f"{title[:26]} {sheets}", schema)
            row = rows % sheet_rows + 1
            for place, value in enumerate(values):
                if value is not None:
                    _write(sheet, row, place, value)
            rows += 1
    return rows, sheets


def _sheet(book: Any, title: str, schema: pa.Schema) -> Any:
    sheet = book.add_worksheet(title[:31])
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(schema.names):
        sheet.write_string(0, place, name)
    return sheet


def _write(sheet: Any, row: int, place: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, str):
        sheet.write_string(row, place, value)
    else:
        sheet.write_number(row, place, value)


def _cells(field: pa.Field, values: pa.Array) -> list[Any]:
    """What is written for each value: texts, flags, and numbers that a cell can hold exactly."""
    if pa.types.is_string(field.type):
        longest = pc.max(pc.utf8_length(values)).as_py() or 0
        if longest > CELL_LENGTH:
            raise TooLongError(field.name, longest)
        return list(values.to_pylist())
    if pa.types.is_decimal(field.type):
        return [_exact(value, value * 10_000) if value is not None else None for value in values.to_pylist()]
    if pa.types.is_integer(field.type):
        return [_exact(value, value) if value is not None else None for value in values.to_pylist()]
    if pa.types.is_date(field.type):
        return [value.isoformat() if value is not None else None for value in values.to_pylist()]
    return list(values.to_pylist())


def _exact(value: Any, digits: Any) -> Any:
    """The value, or its text where a cell would round it."""
    return value if abs(digits) < _EXACT else str(value)
