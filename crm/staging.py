"""Rows as they are handed in, checked and cast before they touch the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import String, Table, Text

from crm.arrow_types import arrow_type
from crm.errors import RecordsError
from crm.schema.base import TEXT_LIMIT
from crm.shapes import CLOCKED, MANAGED, links

_OPS = ("assert", "correct", "retract")


def stage(table: Table, given: pa.Table, *, clocked: bool) -> pa.Table:
    """The rows to load into a temporary table: known columns, our types, numbered.

    Parameters
    ----------
    table : Table
        Where they are to go.
    given : pa.Table
        Columns of `table`, or ``<name>_key`` for ``<name>_id``; for heads and facts also ``source_key``.
    clocked : bool
        Whether the table is a head or a fact.

    Returns
    -------
    pa.Table
        The same columns in the schema's types, plus ``n`` (int64, 0-based row).

    Raises
    ------
    RecordsError
        If a column is unknown or double, a value does not fit its type or length, or a key is missing or double.
    """
    _check_names(table, given.column_names, clocked=clocked)
    columns: dict[str, Any] = {}
    for name in given.column_names:
        wanted = pa.string() if name in links(table.name) else arrow_type(table.columns[name])
        columns[name] = _cast(table.name, name, given.column(name), wanted)
        if wanted == pa.string():
            _check_text(table.name, name, columns[name], _limit(table, name))
    if clocked:
        _check_keys(table.name, columns["source_key"])
        if "op" in columns:
            columns["op"] = pc.fill_null(columns["op"], "assert")
            _refuse(table.name, "op", columns["op"], pc.invert(pc.is_in(columns["op"], pa.array(_OPS))), "one of " + ", ".join(_OPS))
    return pa.table(columns | {"n": pa.array(range(given.num_rows), pa.int64())})


def _check_names(table: Table, names: list[str], *, clocked: bool) -> None:
    writable = [column.name for column in table.columns if column.name not in MANAGED or (not clocked and column.name != "id")]
    known = [*writable, *links(table.name)]
    for name in names:
        if name not in known:
            raise RecordsError(
                f"{table.name} cannot be written with a column {name!r}; its columns are {', '.join(known)}; rename it or leave it out"
            )
        if names.count(name) > 1:
            raise RecordsError(f"{table.name} is given the column {name!r} twice; one is expected; leave one out")
        if name in links(table.name) and links(table.name)[name].id in names:
            raise RecordsError(f"{table.name} is given both {name} and {links(table.name)[name].id}; one is expected; leave one out")
    if clocked and "source_key" not in names:
        raise RecordsError(f"{table.name} is written without source_key; the source's own key of each row is expected; add the column")


def _cast(table: str, name: str, values: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if values.type == wanted and not pa.types.is_floating(wanted):
        return values
    try:
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if pa.types.is_timestamp(values.type) and wanted == pa.int64():
            if values.type.tz is None:
                raise pa.ArrowInvalid("times without a zone")
            values = values.cast(pa.timestamp("us", "UTC"))
        values = values.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise RecordsError(
            f"{table}.{name} holds values that are not {wanted} ({error}); {wanted} is expected; convert the column"
        ) from error
    if pa.types.is_floating(wanted):
        infinite = pc.is_inf(values)
        _refuse(table, name, values, infinite, "a finite number")
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, wanted), values)
    return values


def _limit(table: Table, name: str) -> int:
    if name not in table.columns:
        return TEXT_LIMIT
    kind = table.columns[name].type
    if isinstance(kind, String) and not isinstance(kind, Text) and kind.length:
        return kind.length
    return TEXT_LIMIT


def _check_text(table: str, name: str, values: pa.ChunkedArray, limit: int) -> None:
    _refuse(table, name, values, pc.greater(pc.utf8_length(values), limit), f"a text of at most {limit} characters")
    _refuse(table, name, values, pc.match_substring(values, "\0"), "a text without NUL characters")


def _check_keys(table: str, keys: pa.ChunkedArray) -> None:
    _refuse(table, "source_key", keys, pc.is_null(keys), "the source's own key")
    _refuse(table, "source_key", keys, pc.equal(keys, ""), "the source's own key")
    if pc.count_distinct(keys).as_py() != len(keys):
        counts = pc.value_counts(keys)
        double = next(item["values"].as_py() for item in counts if item["counts"].as_py() > 1)
        rows = pc.indices_nonzero(pc.equal(keys, double)).to_pylist()
        raise RecordsError(
            f"{table} is given the source_key {double!r} in rows {_listed(row + 1 for row in rows[:5])}; "
            "each key once is expected; keep one of the rows"
        )


def _refuse(table: str, name: str, values: pa.ChunkedArray, wrong: pa.ChunkedArray, expected: str) -> None:
    row = pc.index(wrong, True).as_py()
    if row >= 0:
        shown = repr(values[row].as_py())
        shown = shown if len(shown) <= 60 else shown[:57] + "…'"
        raise RecordsError(f"{table}.{name} is {shown} in row {row + 1}; {expected} is expected; mend or leave out the row")


def _listed(items: Iterable[object]) -> str:
    return ", ".join(str(item) for item in items)
