"""Which Arrow type each column of the schema has, and how values of another type become it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Boolean, Column, Date, Double, Integer, Table

_TYPES = (
    (Boolean, pa.bool_()),
    (Date, pa.date32()),
    (Double, pa.float64()),
    (BigInteger, pa.int64()),
    (Integer, pa.int64()),
)


def arrow_type(column: Column[object]) -> pa.DataType:
    """The Arrow type of a column: int64, float64, bool, date32 or string.

    Examples
    --------
    >>> from sqlalchemy import Column, Text
    >>> arrow_type(Column("name", Text))
    DataType(string)
    """
    for kind, arrow in _TYPES:
        if isinstance(column.type, kind):
            return arrow
    return pa.string()


def arrow_schema(table: Table, columns: list[str] | None = None) -> pa.Schema:
    """The Arrow schema of a table, or of some of its columns in the order given."""
    chosen = [table.columns[name] for name in columns] if columns is not None else list(table.columns)
    return pa.schema([(column.name, arrow_type(column)) for column in chosen])


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Cast what a database answered to the types of a schema; columns are matched by position."""
    columns = [_conform(column, field.type) for column, field in zip(table.columns, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def _conform(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if column.type == wanted:
        return column
    if pa.types.is_date32(wanted) and column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), wanted)])
    return column.cast(wanted)


def finer(moments: pa.Array | pa.ChunkedArray) -> int | None:
    """The first moment that is no whole microsecond, in nanoseconds since 1970; None where all are.

    Examples
    --------
    >>> finer(pa.array([None, 5_000, 7_123], pa.timestamp("ns", "UTC")))
    7123
    """
    if moments.type.unit != "ns":
        return None
    counted = pc.drop_null(moments.cast(pa.int64())).to_numpy()
    found = counted[counted % 1_000 != 0]
    return int(found[0]) if len(found) else None
