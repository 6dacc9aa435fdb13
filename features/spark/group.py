"""One group, on a worker: rows of some entities and what is asked of them in, the answer of the offline home out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from features.catalogue import flat
from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.history.files import Bucket, bucket_of
from features.history.log import LogReader
from features.history.rows import sort, words
from features.kernel.program import Ints
from features.offline import Moments, fill
from features.online.pack import pack
from features.recipe import Recipe
from features.spark.stream import CLOCKS, GROUP, Share, input_column, split

Worker: TypeAlias = Callable[[tuple[pa.Scalar, ...], pa.Table, pa.Table], pa.Table]


class GroupReader(LogReader):
    """The rows of one log that came to a group, as one bucket.

    Parameters
    ----------
    share : Share
    table : pa.Table
        Its part of the stream.
    """

    def __init__(self, share: Share, table: pa.Table) -> None:
        super().__init__(share.log, replace(share.state, buckets=1), Path())
        self._texts = share.texts
        self._whole = bucket_of(sort(share.rows(table, self.dictionary)))

    @cached_property
    def dictionary(self) -> Dictionary:
        """The texts of its columns."""
        return Dictionary(self._texts)

    def pieces(self, entities: Ints) -> Iterator[tuple[Bucket, Ints]]:
        """The one bucket."""
        yield self._whole, np.arange(len(entities))


class Group:
    """The logs of a group.

    Parameters
    ----------
    shares : sequence of Share
    table : pa.Table
        Its rows of the stream.
    """

    def __init__(self, shares: Sequence[Share], table: pa.Table) -> None:
        parts = split(table, len(shares))
        self.readers = [GroupReader(share, part) for share, part in zip(shares, parts, strict=True)]
        self._by_log = {item.log: item for item in self.readers}

    def reader(self, log: Log) -> LogReader:
        """The reader of a log."""
        return self._by_log[log]


def filling(shares: Sequence[Share], asked: Recipe) -> Worker:
    """Answers spine rows: their columns but clocks and inputs, and one for each reference."""

    def work(_key: tuple[pa.Scalar, ...], spine: pa.Table, rows: pa.Table) -> pa.Table:
        entities, at, known = (words(spine.column(name)) for name in CLOCKS)
        inputs = {name: words(spine.column(input_column(name))).view(np.float64) for name in asked.inputs}
        columns = fill(Group(shares, rows), asked, Moments(entities, at, known, inputs=inputs))
        table = in_utc(spine.drop_columns([GROUP, *CLOCKS, *map(input_column, asked.inputs)]))
        for ref in asked.refs:
            table = table.append_column(flat(ref), answer_column(columns[ref]))
        return table

    return work


def in_utc(table: pa.Table) -> pa.Table:
    """The same with every moment in UTC: Spark hands them out in its session's zone, and wants them back in UTC."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz not in (None, "UTC"):
            moments = table.column(place).cast(pa.timestamp(field.type.unit, tz="UTC"))
            table = table.set_column(place, field.name, moments)
    return table


def answer_column(values: np.ndarray) -> pa.Array:
    """A column of answers as Arrow: texts, or doubles whose NaN is null."""
    return pa.array(values, pa.string()) if values.dtype == object else pa.array(values, mask=np.isnan(values))


def packing(shares: Sequence[Share]) -> Worker:
    """Packs entities: ``place`` and ``state`` of each."""

    def work(_key: tuple[pa.Scalar, ...], entities: pa.Table, rows: pa.Table) -> pa.Table:
        states = [item.tobytes() for item in pack(Group(shares, rows).readers, words(entities.column(CLOCKS[0])))]
        return pa.table({"place": entities.column("place"), "state": pa.array(states, pa.binary())})

    return work
