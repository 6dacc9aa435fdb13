"""Explaining a value: the rows behind it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.declare.aggregate import Aggregate, Condition
from features.declare.log import MONEY_SCALE, Log
from features.history.dictionary import Dictionary
from features.history.log import LogReader
from features.history.rows import Rows, take
from features.kernel.codes import FOREVER, NULL
from features.online.answer import log_values

TESTS = {"less": np.less, "at_most": np.less_equal, "more": np.greater, "at_least": np.greater_equal}


def rows_behind(reader: LogReader, aggregate: Aggregate, entity: int, moment: int) -> pa.Table:
    """The rows that an aggregate sees, oldest first.

    Returns
    -------
    pa.Table
        ``occurred_at``, ``known_at`` (timestamp[us, UTC]), ``fact`` (record id), then the log's columns: money in
        currency units, texts as strings.
    """
    only = np.array([entity], np.int64)
    bucket = next(iter(reader.pieces(only)))[0]
    first, last = bucket.bounds(only)[0]
    rows: Rows = {name: bucket.column(name)[first:last] for name in bucket.columns}
    width = aggregate.window.width
    seen = (rows["occurred_at"] < moment) & (rows["known_at"] < moment) & (rows["superseded_at"] >= moment)
    if width != FOREVER:
        seen &= rows["occurred_at"] >= moment - width
    for item in aggregate.conditions:
        seen &= _passes(rows, item, aggregate.log, reader.dictionary)
    return as_table(take(rows, seen), aggregate.log, reader.state.columns, reader.dictionary)


def as_table(rows: Rows, log: Log, columns: tuple[str, ...], dictionary: Dictionary) -> pa.Table:
    """Rows of a log as Arrow, for people and recommenders."""
    when = pa.timestamp("us", tz="UTC")
    content: dict[str, pa.Array] = {
        "occurred_at": pa.array(rows["occurred_at"]).cast(when),
        "known_at": pa.array(rows["known_at"]).cast(when),
        "fact": pa.array(rows["fact"]),
    }
    for name in columns:
        content[name] = _column(log_values(log, name, rows[name], dictionary), log.columns[name].kind)
    return pa.table(content)


def _column(values: np.ndarray, kind: str) -> pa.Array:
    if kind == "text":
        return pa.array(values, pa.string())
    if kind == "float":
        return pa.array(values, mask=np.isnan(values))
    null = values == NULL
    if kind == "money":
        return pa.array(values / MONEY_SCALE, mask=null)
    column = pa.array(values, mask=null)
    if kind in ("moment", "day"):
        return column.cast(pa.timestamp("us", tz="UTC"))
    return column.cast(pa.bool_()) if kind == "flag" else column


def _passes(rows: Rows, item: Condition, log: Log, dictionary: Dictionary) -> np.ndarray:
    words = rows[item.column]
    kind = log.columns[item.column].kind
    values = words.view(np.float64) if kind == "float" else words
    null = np.isnan(values) if kind == "float" else words == NULL
    if item.operation in ("is_null", "not_null"):
        return np.asarray(null if item.operation == "is_null" else ~null)
    wanted = [dictionary.code(item.column, value) if isinstance(value, str) else value for value in item.values]
    if item.operation in ("in", "not_in"):
        return np.asarray(~null & (np.isin(values, wanted) == (item.operation == "in")))
    return np.asarray(TESTS[item.operation](values, wanted[0]) & ~null)
