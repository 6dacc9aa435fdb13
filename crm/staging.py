"""Rows as they are handed in, checked and cast before they touch the database."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Column, String, Table, Text

from crm import clock
from crm.arrow_types import arrow_type, finer
from crm.errors import RecordsError
from crm.schema.base import TEXT_LIMIT
from crm.shapes import MANAGED, links, shapes

_OPS = ("assert", "correct", "retract")


@dataclass(frozen=True)
class Staged:
    """Rows ready to load: their first versions, then the second ones, and so on.

    Attributes
    ----------
    rounds : list of pa.Table
        Each source key at most once in each; at least one table.
    """

    rounds: list[pa.Table]


def stage(table: Table, given: pa.Table, *, default_known: int | None) -> Staged:
    """The rows to load into a temporary table: known columns, our types, numbered.

    Parameters
    ----------
    table : Table
        Where they are to go.
    given : pa.Table
        Columns of `table`, or ``<name>_key`` for ``<name>_id``; for heads and facts also ``source_key``.
        Several rows of one key are its history, told apart by ``known_at``.
    default_known : int or None
        Moment (µs) for rows that give none; None is the present.

    Returns
    -------
    Staged
        The same columns in the schema's types, plus ``n`` (int64, 0-based row) and, where a key has
        several rows, ``is_last`` (bool).

    Raises
    ------
    RecordsError
        If a column is unknown or double, a value does not fit its type or length, or a key is missing or double.
    """
    is_clocked = shapes()[table.name] != "reference"
    _check_names(table, given.column_names, is_clocked=is_clocked)
    columns = {name: _column(table, name, given.column(name)) for name in given.column_names}
    if is_clocked:
        _refuse(
            table.name, "source_key", columns["source_key"], pc.equal(columns["source_key"], ""), "the source's own key"
        )
        _refuse(
            table.name, "source_key", columns["source_key"], pc.is_null(columns["source_key"]), "the source's own key"
        )
    if is_clocked and "op" in columns:
        columns["op"] = pc.fill_null(columns["op"], "assert")
        unknown = pc.invert(pc.is_in(columns["op"], pa.array(_OPS)))
        _refuse(table.name, "op", columns["op"], unknown, f"one of {', '.join(_OPS)}")
    numbered = pa.table(columns | {"n": pa.array(np.arange(given.num_rows, dtype=np.int64))})
    if not is_clocked or pc.count_distinct(columns["source_key"]).as_py() == given.num_rows:
        return Staged([numbered])
    return Staged(_rounds(table.name, numbered, clock.now() if default_known is None else default_known))


def _check_names(table: Table, names: list[str], *, is_clocked: bool) -> None:
    known = [column.name for column in table.columns if column.name not in (MANAGED if is_clocked else ("id",))]
    known += list(links(table.name))
    for name in names:
        link = links(table.name).get(name)
        if name not in known:
            raise RecordsError(
                f"{table.name} cannot be written with a column {name!r}; its columns are {', '.join(known)}; "
                "rename it or leave it out"
            )
        if names.count(name) > 1:
            raise RecordsError(f"{table.name} is given the column {name!r} twice; one is expected; leave one out")
        if link is not None and link.id in names:
            raise RecordsError(f"{table.name} is given both {name} and {link.id}; one is expected; leave one out")
    if is_clocked and "source_key" not in names:
        raise RecordsError(
            f"{table.name} is written without source_key; the source's own key of each row is expected; add the column"
        )


def _column(table: Table, name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    is_key = name in links(table.name)
    wanted = pa.string() if is_key else arrow_type(table.columns[name])
    values = _cast(table.name, name, values, wanted)
    if wanted == pa.string():
        limit = TEXT_LIMIT if is_key else _limit(table.columns[name])
        too_long = pc.greater(pc.utf8_length(values), limit)
        _refuse(table.name, name, values, too_long, f"a text of at most {limit:,} characters")
        _refuse(table.name, name, values, pc.match_substring(values, "\0"), "a text without NUL characters")
    if pa.types.is_floating(wanted):
        _refuse(table.name, name, values, pc.is_inf(values), "a finite number")
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, wanted), values)
    return values


def _cast(table: str, name: str, values: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    try:
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if pa.types.is_timestamp(values.type) and wanted == pa.int64():
            if values.type.tz is None:
                raise RecordsError(
                    f"{table}.{name} holds times without a zone; moments with a zone, or whole microseconds since 1970 "
                    "in UTC, are expected; give them their zone"
                )
            if (nanoseconds := finer(values)) is not None:
                raise RecordsError(
                    f"{table}.{name} holds moments finer than a microsecond ({nanoseconds} ns since 1970); whole "
                    "microseconds are expected; round them down"
                )
            values = values.cast(pa.timestamp("us", "UTC"))
        return values.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise RecordsError(
            f"{table}.{name} holds values that are not {wanted} ({error}); {wanted} is expected; convert the column"
        ) from error


def _limit(column: Column[object]) -> int:
    kind = column.type
    return kind.length if isinstance(kind, String) and not isinstance(kind, Text) and kind.length else TEXT_LIMIT


def _rounds(table: str, rows: pa.Table, default_known: int) -> list[pa.Table]:
    """Rows whose keys occur several times, as one table per version in the order in which they became known."""
    key = rows.column("source_key").combine_chunks().dictionary_encode().indices.to_numpy()
    known = np.full(rows.num_rows, default_known, np.int64)
    if "known_at" in rows.column_names:
        known = pc.fill_null(rows.column("known_at"), default_known).to_numpy()
    order = np.lexsort((known, key))
    starts = np.r_[True, key[order][1:] != key[order][:-1]]
    double = np.flatnonzero(~starts[1:] & (known[order][1:] == known[order][:-1]))
    if len(double):
        first, second = sorted(int(item) for item in order[double[0] : double[0] + 2])
        raise RecordsError(
            f"{table} is given the source_key {rows.column('source_key')[first].as_py()!r} in rows {first + 1} and "
            f"{second + 1}, known at the same moment; each key once, or a known_at for each version, is expected; "
            "keep one of the rows"
        )
    version = np.empty(rows.num_rows, np.int64)
    begins = np.flatnonzero(starts)
    version[order] = np.arange(rows.num_rows) - np.repeat(begins, np.diff(np.r_[begins, rows.num_rows]))
    is_last = np.empty(rows.num_rows, bool)
    is_last[order] = np.r_[starts[1:], True]
    rows = rows.append_column("is_last", pa.array(is_last))
    return [rows.filter(pa.array(version == number)) for number in range(int(version.max()) + 1)]


def _refuse(table: str, name: str, values: pa.ChunkedArray, wrong: pa.ChunkedArray, expected: str) -> None:
    row = pc.index(wrong, True).as_py()
    if row >= 0:
        shown = repr(values[row].as_py())
        shown = shown if len(shown) <= 60 else shown[:57] + "…'"
        raise RecordsError(
            f"{table}.{name} is {shown} in row {row + 1}; {expected} is expected; mend or leave out the row"
        )
