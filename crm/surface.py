"""Records as people and other programs see them: exact decimals, UTC moments, no formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Table

from crm.arrow_types import arrow_type

if TYPE_CHECKING:
    import pandas as pd

MONEY = pa.decimal128(19, 4)
_FORMULA = r"^\s*[=+\-@]|^[\t\r\n]"


def shown(table: Table, *, is_text: bool = True) -> pa.Schema:
    """The Arrow schema in which a table leaves.

    Parameters
    ----------
    table : Table
    is_text : bool
        Whether moments leave as ISO 8601 text, else as ``timestamp[us, UTC]``.
    """
    kinds = {"money": MONEY, "µs": pa.string() if is_text else pa.timestamp("us", "UTC")}
    return pa.schema(
        [(column.name, kinds.get(column.info.get("unit", ""), arrow_type(column))) for column in table.columns]
    )


def written(table: Table, batch: pa.RecordBatch, schema: pa.Schema, *, is_text: bool) -> pa.RecordBatch:
    """A batch of a table in the schema in which it leaves.

    Parameters
    ----------
    table : Table
    batch : pa.RecordBatch
        All columns in the order of the table.
    schema : pa.Schema
        As `shown` makes it.
    is_text : bool
        Whether texts that begin like a formula get an apostrophe.
    """
    columns = []
    for column, values, field in zip(table.columns, batch.columns, schema, strict=True):
        unit = column.info.get("unit", "")
        if unit == "money":
            columns.append(decimals(values))
        elif unit == "µs":
            columns.append(iso_texts(values) if is_text else values.cast(pa.timestamp("us")).cast(field.type))
        elif is_text and field.type == pa.string():
            columns.append(defused(values))
        else:
            columns.append(values)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def frame(table: Table, found: pa.Table) -> pd.DataFrame:
    """Rows of a table for a person at a desk: moments as UTC times, money as float64 in its currency.

    Parameters
    ----------
    table : Table
    found : pa.Table
        Some of its columns, as `Records.arrow` gives them.
    """
    units = {column.name: column.info.get("unit", "") for column in table.columns}
    for place, name in enumerate(found.column_names):
        if units[name] == "µs":
            found = found.set_column(place, name, found[name].cast(pa.timestamp("us", "UTC")))
        elif units[name] == "money":
            found = found.set_column(place, name, pc.divide(found[name].cast(pa.float64()), 10_000.0))
    rows: pd.DataFrame = found.to_pandas()
    return rows


def decimals(values: pa.Array) -> pa.Array:
    """Whole ten-thousandths as exact decimals.

    Examples
    --------
    >>> decimals(pa.array([12_500, -1, None])).to_pylist()
    [Decimal('1.2500'), Decimal('-0.0001'), None]
    """
    whole = values.cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(MONEY, len(whole), whole.buffers(), offset=whole.offset)


def iso_texts(micros: pa.Array) -> pa.Array:
    """Moments as ISO 8601 in UTC, whole seconds without a fraction.

    Examples
    --------
    >>> iso_texts(pa.array([0, -1, None])).to_pylist()
    ['1970-01-01T00:00:00Z', '1969-12-31T23:59:59.999999Z', None]
    """
    text = pc.strftime(micros.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(pc.replace_substring(text, ".000000", ""), "Z", "")


def defused(texts: pa.Array) -> pa.Array:
    """Texts with an apostrophe before those that a spreadsheet would take for a formula.

    Examples
    --------
    >>> defused(pa.array(["=cmd()", " +1", "Anna", None])).to_pylist()
    ["'=cmd()", "' +1", 'Anna', None]
    """
    risky = pc.match_substring_regex(texts, _FORMULA)
    return pc.if_else(risky, pc.binary_join_element_wise("'", texts, ""), texts)
