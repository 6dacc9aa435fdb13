"""Rows of a log in memory: every column as 64-bit words, so that one buffer holds them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import kernel
from features.declare.log import Log
from features.errors import FeatureError
from features.history.dictionary import Dictionary
from features.history.ties import key_words
from features.kernel.codes import NULL
from features.kernel.program import Ints

Rows: TypeAlias = dict[str, Ints]

TIMES = ("occurred_at", "known_at", "superseded_at")
SYSTEM = ("entity", "fact", "key", "seq", "gone")
DAY_MICROS = 86_400_000_000
FEW = 10_000  # below this many rows the compiled sort is not worth loading


def needed(log: Log, columns: tuple[str, ...]) -> list[str]:
    """The columns of the records table that a log reads."""
    wanted = [
        "id",
        "version",
        "op",
        "occurred_at",
        "known_at",
        "seq",
        "source_id",
        "source_key",
        log.key,
        *columns,
        *filter(None, (log.at, log.part)),
    ]
    return list(dict.fromkeys(wanted))


def extract(table: pa.Table, log: Log, columns: tuple[str, ...], dictionary: Dictionary) -> Rows:
    """Words from Arrow: nulls become the null word, texts codes, days and moments microseconds.

    Rows without entity or moment, and retractions, are marked ``gone``: they are never seen, but they
    supersede earlier versions; first versions, which supersede nothing, are left out.
    """
    table = _without_idle(table, log)
    occurred = words(table.column(log.at or "occurred_at"))
    rows: Rows = {
        "entity": words(table.column(log.key)),
        "occurred_at": occurred,
        "known_at": words(table.column("known_at")),
        "fact": words(table.column("id")),
        "key": key_words(table.column("source_key"), words(table.column("source_id"))),
        "seq": words(table.column("seq")),
        "version": words(table.column("version")),
    }
    retracted = pc.equal(table.column("op"), "retract").to_numpy(zero_copy_only=False)
    # a retraction withdraws its fact wherever that lies; a row without entity or moment only leaves its place
    rows["gone"] = np.where(retracted, 2, (rows["entity"] == NULL) | (occurred == NULL)).astype(np.int64)
    for name in columns:
        kind = log.columns[name].kind
        column = table.column(name)
        if kind == "text":
            rows[name] = dictionary.encode(name, column)
        else:
            rows[name] = words(_of_kind(table, log, name))
    return rows


def _of_kind(table: pa.Table, log: Log, name: str) -> pa.ChunkedArray:
    column = table.column(name)
    if log.columns[name].kind == "float":
        return _finite(table, log, name) if pa.types.is_floating(column.type) else pc.cast(column, pa.float64())
    if pa.types.is_floating(column.type) or pa.types.is_string(column.type):
        raise FeatureError(
            f"the column {log.table.name}.{name} holds {column.type}; whole numbers are expected, of money "
            "ten-thousandths; convert it"
        )
    return column


def _finite(table: pa.Table, log: Log, name: str) -> pa.ChunkedArray:
    """Numbers without infinities, which no sum survives, and with one zero: -0.0 equals 0.0 in other bits.

    Every number of a table is kept, asked for or not, and an infinity in any of them is refused: whether rows are
    taken must not depend on the views that there are today.
    """
    column = table.column(name)
    infinite = pc.fill_null(pc.is_inf(column), False)
    if (place := pc.index(infinite, True).as_py()) >= 0:
        key = table.column("source_key")[place].as_py()
        which = f"id {table.column('id')[place].as_py()}" if key is None else f"key {key!r}"
        raise FeatureError(
            f"the column {log.table.name}.{name} holds {column[place].as_py()} in the row with the {which}; finite "
            "numbers or nulls are expected; mend the row at its source"
        )
    return pc.add(column, pa.scalar(0.0, column.type))


def _without_idle(table: pa.Table, log: Log) -> pa.Table:
    idle = pc.or_(pc.is_null(table.column(log.key)), pc.is_null(table.column(log.at or "occurred_at")))
    first = pc.and_(pc.equal(table.column("version"), 1), pc.not_equal(table.column("op"), "retract"))
    return table.filter(pc.invert(pc.and_(idle, first)))


def words(column: pa.ChunkedArray) -> Ints:
    """Numbers, flags, days and moments as 64-bit words; floats keep their bits, NaN is null.

    Examples
    --------
    >>> words(pa.chunked_array([[1.5, None]])).view(np.float64).tolist()
    [1.5, nan]
    """
    if pa.types.is_floating(column.type):
        floats: Ints = np.array(column.to_numpy(zero_copy_only=False), np.float64)
        floats[np.isnan(floats)] = np.nan
        return floats.view(np.int64)
    if pa.types.is_date(column.type):
        column = pc.cast(pc.cast(column, pa.int32()), pa.int64())
        return words(pc.multiply(column, DAY_MICROS))
    column = pc.fill_null(pc.cast(column, pa.int64()), NULL)
    return np.array(column.to_numpy(zero_copy_only=False), np.int64)


def take(rows: Mapping[str, Ints], order: np.ndarray) -> Rows:
    """The rows at `order`, which may be places or a mask."""
    return {name: values[order] for name, values in rows.items()}


def concatenate(parts: list[Rows]) -> Rows:
    """Rows one part after the other; parts have the same columns."""
    return parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def sort(rows: Rows) -> Rows:
    """In the total order: entity, occurred_at, known_at, key (that of its source, never the order of arrival), fact."""
    return take(rows, order_of(rows))


def order_of(rows: Rows) -> Ints:
    """The places of rows in the total order."""
    entities = rows["entity"]
    keys = (rows["occurred_at"], rows["known_at"], rows["key"], rows["fact"])
    if len(entities) < FEW:
        return np.lexsort((*reversed(keys), entities))
    low, high = int(entities.min()), int(entities.max())
    if high - low < 8 * len(entities):
        ranks, sizes = entities - low, np.bincount(entities - low)
    else:
        _, ranks, sizes = np.unique(entities, return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    order = np.empty(len(entities), np.int64)
    plain = [np.ascontiguousarray(key) for key in (ranks, starts, *keys)]
    kernel.load("sorting").sort_rows(*plain, order, np.empty_like(order))
    return order


def empty_like(columns: Iterable[str]) -> Rows:
    """No rows, of the same columns."""
    return {name: np.zeros(0, np.int64) for name in columns}


def count(rows: Mapping[str, Ints]) -> int:
    """How many rows."""
    return len(rows["entity"])
