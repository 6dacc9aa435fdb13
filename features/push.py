"""Pushing: rows that happened just now go to the records for good, and from there into the online states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crm import Records, WriteCounts
from features.declare.log import Log
from features.errors import FeatureError

Rows: TypeAlias = pa.Table | pd.DataFrame | Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class PushReport:
    """What became of pushed rows.

    Attributes
    ----------
    rows : WriteCounts
        How many were new, corrected, withdrawn, or there already.
    entities : dict of str to int
        Online states written, by kind of entity.
    watermark : int
        Greatest arrival number that the online states now hold.
    """

    rows: WriteCounts
    entities: dict[str, int]
    watermark: int


def write(records: object, log: Log, rows: Rows, origin: str) -> WriteCounts:
    """Append rows to the table of a log; what is there already changes nothing.

    A row with a ``known_at`` is a whole version of its fact, whatever else is known of it: rows end the same in any
    order of arrival, a withdrawal that comes before what it withdraws included.

    Parameters
    ----------
    records : Records
    log : Log
    rows : Arrow table, pandas.DataFrame or mappings
        With ``source_key``, the entity's id or key, ``occurred_at``, and perhaps ``known_at``.
    origin : str
        The declared source that the keys are of.

    Raises
    ------
    FeatureError
        If the records take no rows, rows have different columns, or one names no entity or no moment.
    RecordsError
        If a column is unknown, a key missing or a value breaks a rule; nothing is written then.
    """
    if not isinstance(records, Records):
        raise FeatureError(
            f"rows cannot be pushed to {type(records).__name__}, which is read only; the records of a workspace are "
            "expected; open the store with features.open"
        )
    name, table = str(log.table.name).removesuffix("_versions"), as_arrow(rows)
    if "source_key" in table.column_names:
        _refuse_nobody(records, log, name, table, origin)
        _refuse_undated(records, log, name, table, origin)
        table = table.group_by(table.column_names).aggregate([]).sort_by("source_key")  # each row once, in one order
    return records.write({name: table}, source=origin, as_told=True)[name]


def as_arrow(rows: Rows) -> pa.Table:
    """Rows as an Arrow table.

    Raises
    ------
    FeatureError
        If rows are no mappings, have different columns, a column values of several types, or a time no zone.

    Examples
    --------
    >>> as_arrow([{"source_key": "a", "value": 1.5}]).to_pydict()
    {'source_key': ['a'], 'value': [1.5]}
    """
    if isinstance(rows, pa.Table):
        return rows
    if isinstance(rows, pd.DataFrame):
        return pa.Table.from_pandas(rows, preserve_index=False)
    given = _mappings(rows)
    names = list(given[0]) if given else []
    for place, row in enumerate(given):
        if set(row) != set(names):
            odd = sorted(set(row) ^ set(names))[0]
            raise FeatureError(
                f"row {place + 1} of the rows pushed and row 1 differ in the column {odd!r}; the same columns in every "
                "row are expected; push rows of each kind by themselves"
            )
        for name, value in row.items():
            if isinstance(value, datetime):
                _refuse_moment(place, name, value)
    try:
        return pa.table({name: [row[name] for row in given] for name in names})
    except pa.ArrowException as error:
        raise FeatureError(
            f"the rows pushed hold values of several types in one column ({error}); one type in each column is "
            "expected; convert them"
        ) from error


def _mappings(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if isinstance(rows, Mapping | str | bytes) or not isinstance(rows, Iterable):
        raise FeatureError(
            f"the rows pushed are {rows!r:.100}, a {type(rows).__name__}; a list of mappings, an Arrow table or a "
            "DataFrame is expected; write [row] to push one row"
        )
    given = list(rows)
    for place, row in enumerate(given):
        if not isinstance(row, Mapping):
            raise FeatureError(
                f"row {place + 1} of the rows pushed is {row!r:.100}, a {type(row).__name__}; a mapping of columns to "
                'values is expected; write {"source_key": …, "occurred_at": …}'
            )
    return given


def _refuse_moment(place: int, name: str, value: datetime) -> None:
    """Refuse what Arrow would change unasked: beside others it takes a time without a zone for UTC, and cuts digits."""
    if value.tzinfo is None:
        raise FeatureError(
            f"row {place + 1} of the rows pushed has a time without a zone in the column {name!r} ({value}); a moment "
            "with a zone, or whole microseconds since 1970 in UTC, is expected; give it its zone"
        )
    if isinstance(value, pd.Timestamp) and value.nanosecond:
        raise FeatureError(
            f"row {place + 1} of the rows pushed has a moment finer than a microsecond in the column {name!r} "
            f"({value.as_unit('ns').value} ns since 1970); whole microseconds are expected; round it down"
        )


def _refuse_nobody(records: Records, log: Log, name: str, table: pa.Table, origin: str) -> None:
    """Refuse new rows that name no entity: no feature would ever see them."""
    if log.table.name != name:
        return  # versions of a state: the row is the entity, or keeps the one that it has
    told = table.column("op").to_pylist() if "op" in table.column_names else [None] * table.num_rows
    for key in log.keys:
        column = next((item for item in (key, f"{key.removesuffix('_id')}_key") if item in table.column_names), None)
        if column is None:
            missing = _inherits_nothing(records, name, table, origin).to_pylist()
        else:
            missing = pc.is_null(table.column(column)).to_pylist()
        for row, (nobody, op) in enumerate(zip(missing, told, strict=True)):
            if nobody and op != "retract":
                raise FeatureError(
                    f"row {row + 1} of the rows pushed to {name} names no {key.removesuffix('_id')} "
                    f"({key} is {'absent' if column is None else 'null'}); its id, or its source's key in "
                    f"{key.removesuffix('_id')}_key, is expected; add it"
                )


def _refuse_undated(records: Records, log: Log, name: str, table: pa.Table, origin: str) -> None:
    """Refuse rows without their moment, said to be null or not said of new ones: no window would ever hold them."""
    at = log.at or "occurred_at"
    if log.table.name != name:
        return
    is_given = at in table.column_names
    undated = pc.is_null(table.column(at)) if is_given else _inherits_nothing(records, name, table, origin)
    if "op" in table.column_names:
        undated = pc.and_(undated, pc.fill_null(pc.not_equal(table.column("op"), "retract"), True))
    if (row := pc.index(undated, True).as_py()) >= 0:
        raise FeatureError(
            f"row {row + 1} of the rows pushed to {name} {f'says null for {at}' if is_given else f'has no {at}'}; the "
            "moment at which it happened is expected; add it"
        )


def _inherits_nothing(records: Records, name: str, table: pa.Table, origin: str) -> pa.ChunkedArray:
    """Which rows are whole versions: those that are new, and those that say when they were known."""
    return pc.or_(_dated(table), pc.is_null(records.resolve(name, origin, table.column("source_key"))))


def _dated(table: pa.Table) -> pa.ChunkedArray:
    """Which rows say when they were known: these are whole versions, which inherit nothing."""
    if "known_at" not in table.column_names:
        return pa.chunked_array([pa.repeat(pa.scalar(False), table.num_rows)])
    return pc.is_valid(table.column("known_at"))
