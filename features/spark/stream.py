"""The stream: rows of several logs as one Spark frame of words, doubles and texts, so that one shuffle brings all.

A column of a log travels in the next free column of its kind: ``w0``, ``w1``, … for words (whole numbers, money,
moments, days, flags, ids), ``f0``, … for floats, ``t0``, … for texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.history.log import LogState
from features.history.rows import DAY_MICROS, TIMES, Rows, words
from features.kernel.codes import FOREVER, NULL

GROUP, CLOCKS = "_group", ("_entity", "_moment", "_known")  # named like nothing that a spine brings
TYPES = {"w": "bigint", "f": "double", "t": "string"}
CODES = {"float": "f", "text": "t"}


@dataclass(frozen=True)
class Share:
    """What of a log travels.

    Attributes
    ----------
    log : Log
    state : LogState
        Its `columns` are those that travel.
    texts : dict of str to list of str
        Its dictionary.
    """

    log: Log
    state: LogState
    texts: dict[str, list[str]]

    @cached_property
    def places(self) -> dict[str, str]:
        """The column of the stream for each of its own.

        Examples
        --------
        >>> from crm.schema import OrderLine
        >>> from features import customer, events
        >>> state = LogState("g1", ("amount", "category", "kind", "line_no"), 1, 0, 0, 0)
        >>> Share(events(OrderLine, entity=customer).log, state, {}).places
        {'amount': 'w0', 'category': 't0', 'kind': 't1', 'line_no': 'w1'}
        """
        counts = dict.fromkeys(TYPES, 0)
        found = {}
        for name in self.state.columns:
            code = CODES.get(self.log.columns[name].kind, "w")
            found[name] = f"{code}{counts[code]}"
            counts[code] += 1
        return found

    def rows(self, table: pa.Table, dictionary: Dictionary) -> Rows:
        """The log's rows from its part of the stream, in words."""
        rows = {name: words(table.column(name)) for name in ("entity", *TIMES, "key", "fact")}
        for name, place in self.places.items():
            column = table.column(place)
            rows[name] = dictionary.encode(name, column) if place.startswith("t") else words(column)
        return rows


def stream(session: Any, shares: Sequence[Share], folders: Sequence[Path], groups: int) -> Any:
    """The rows of some logs, each entity's in the group of its id modulo `groups`.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
    shares : sequence of Share
    folders : sequence of Path
        The Parquet files of each log.
    groups : int

    Returns
    -------
    pyspark.sql.DataFrame
    """
    from pyspark.sql import functions as sql

    wanted = sorted({place for share in shares for place in share.places.values()})
    parts = []
    for number, (share, folder) in enumerate(zip(shares, folders, strict=True)):
        frame = parquet(session, folder, "bucket-*.parquet")
        own = {place: _word(sql, share, name) for name, place in share.places.items()}
        rest = {place: sql.lit("" if place[0] == "t" else 0).cast(TYPES[place[0]]) for place in wanted}
        head = {
            GROUP: group_of(sql, sql.col("entity"), groups),
            "log": sql.lit(number),
            "entity": sql.col("entity"),
            "key": sql.col("key"),
            "fact": sql.col("fact"),
            "occurred_at": _moment(sql, "occurred_at", NULL),
            "known_at": _moment(sql, "known_at", NULL),
            "superseded_at": _moment(sql, "superseded_at", FOREVER),
        }
        parts.append(frame.select(*[column.alias(name) for name, column in (head | rest | own).items()]))
    return reduce(lambda left, right: left.unionByName(right), parts)


def parquet(session: Any, path: Path, glob: str = "*.parquet") -> Any:
    """A file or folder of Parquet; moments before 1900 are what they say."""
    reader = session.read.option("datetimeRebaseMode", "CORRECTED")
    return (reader.option("pathGlobFilter", glob) if path.is_dir() else reader).parquet(path.as_uri())


def input_column(name: str) -> str:
    """The column in which a number that comes with the question travels."""
    return f"_input_{name}"


def group_of(sql: Any, entity: Any, groups: int) -> Any:
    """The group of an entity."""
    return sql.pmod(entity, sql.lit(groups)).cast("int")


def _word(sql: Any, share: Share, name: str) -> Any:
    kind = share.log.columns[name].kind
    if kind in ("float", "text"):
        return sql.col(name)
    if kind == "moment":
        return _moment(sql, name, NULL)
    if kind == "day":
        return sql.coalesce(sql.unix_date(name).cast("bigint") * sql.lit(DAY_MICROS), sql.lit(NULL))
    return sql.coalesce(sql.col(name).cast("bigint"), sql.lit(NULL))


def _moment(sql: Any, name: str, null: int) -> Any:
    return sql.coalesce(sql.unix_micros(name), sql.lit(null))


def split(table: pa.Table, logs: int) -> list[pa.Table]:
    """The part of each log."""
    numbers = table.column("log").to_numpy(zero_copy_only=False)
    return [table.filter(pa.array(np.equal(numbers, number))) for number in range(logs)]
