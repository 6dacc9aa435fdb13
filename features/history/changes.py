"""What arrived in a log since a moment of arrival: whom it touches, whose old rows it alters, and what it adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.history.files import Bucket, bucket_of
from features.history.log import LogReader
from features.history.rows import Rows, concatenate, sort, take
from features.kernel.codes import FOREVER
from features.kernel.program import Ints

ORDER = ("occurred_at", "known_at", "key", "fact")  # of an entity's rows


@dataclass(frozen=True)
class Touched:
    """Entities of a log that rows beyond an arrival number have touched.

    Attributes
    ----------
    entities : int64[]
        All of them, ascending.
    altered : int64[]
        Those of them whose earlier rows have changed as well, ascending.
    """

    entities: Ints
    altered: Ints


def touched_since(reader: LogReader, watermark: int) -> Touched:
    """The entities that versions beyond `watermark` touch: their own, and those of the rows that they replace."""
    none = np.zeros(0, np.int64)
    if reader.state.watermark <= watermark:
        return Touched(none, none)
    delta = reader.delta
    whole = [bucket.as_rows() for bucket in reader.buckets()] if reader.state.compacted > watermark else []
    hidden = [reader.ghosts, delta.ghosts] if whole else [delta.ghosts]
    fresh = [_beyond(rows, watermark) for rows in (*whole, delta.seen)]
    later = [*fresh, *(_beyond(rows, watermark) for rows in hidden)]
    facts = np.unique(np.concatenate([rows["fact"] for rows in later]))
    entities = np.unique(np.concatenate([rows["entity"] for rows in later]))
    altered = [none]
    for rows in (*whole, delta.seen, _patched(reader)):
        chosen = np.flatnonzero((rows["superseded_at"] != FOREVER) & (rows["seq"] <= watermark))
        struck = np.isin(rows["fact"][chosen], facts)
        if reader.log.rule == "state":
            struck |= np.isin(rows["entity"][chosen], entities)
        altered.append(rows["entity"][chosen[struck]])
    changed = np.unique(np.concatenate(altered))
    return Touched(np.unique(np.concatenate([*(rows["entity"] for rows in fresh), changed])), changed)


def _beyond(rows: Rows, watermark: int) -> Rows:
    names = ("entity", "fact")
    places = np.flatnonzero(rows["seq"] > watermark)
    return {name: rows[name][places] for name in names}


def _patched(reader: LogReader) -> Rows:
    """The rows of the buckets that later versions replace, as they stand now."""
    patches = reader.delta.patches
    parts = [{name: np.zeros(0, np.int64) for name in ("entity", "fact", "seq", "superseded_at")}]
    for number in np.unique(patches["bucket"]).tolist():
        own = patches["bucket"] == number
        rows = patches["row"][own]
        bucket = reader.bucket(number)
        found = {name: bucket.column(name)[rows] for name in ("entity", "fact", "seq")}
        parts.append(found | {"superseded_at": patches["superseded_at"][own]})
    return concatenate(parts)


class Tail(LogReader):
    """The rows of some entities beyond the arrival number that each has a mark for, in memory.

    Parameters
    ----------
    reader : LogReader
    ids : int64[E]
        Ascending.
    marks : int64[E]

    Attributes
    ----------
    added, before : int64[E]
        How many rows each has beyond its mark, and up to it.
    follows : bool[E]
        Whether all rows beyond the mark come after all others in the total order.
    """

    def __init__(self, reader: LogReader, ids: Ints, marks: Ints) -> None:
        super().__init__(reader.log, reader.state, reader.folder)
        self.added, self.before = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
        self.follows = np.ones(len(ids), bool)
        self._ends = {name: np.full(len(ids), -FOREVER - 1, np.int64) for name in ORDER}
        names = list(reader.bucket(0).columns)
        parts = [self._settled(reader, ids, marks), self._moving(reader, ids, marks)]
        self._whole = bucket_of(sort(concatenate([{name: part[name] for name in names} for part in parts])))

    def pieces(self, entities: Ints) -> Iterator[tuple[Bucket, np.ndarray]]:
        """One bucket that holds all."""
        yield self._whole, np.ones(len(entities), bool)

    def _settled(self, reader: LogReader, ids: Ints, marks: Ints) -> Rows:
        """Rows of the buckets beyond the marks."""
        patched = np.isin(ids, reader.delta.patches["entity"])
        parts = [take(reader.bucket(0).as_rows(), np.zeros(0, np.int64))]
        for number in np.unique(ids % reader.state.buckets).tolist():
            own = np.flatnonzero(ids % reader.state.buckets == number)
            bucket = reader.bucket(number)
            bounds = bucket.bounds(ids[own])
            filled = bounds[:, 1] > bounds[:, 0]
            for name in ORDER:
                self._ends[name][own[filled]] = bucket.column(name)[bounds[filled, 1] - 1]
            self.before[own] = bounds[:, 1] - bounds[:, 0]
            behind = marks[own] < reader.state.compacted
            places, owners = _spread(bounds[behind], own[behind])
            parts.append(self._take(bucket.as_rows(), places, owners, marks))
        self.follows &= ~(patched & (self.added > 0))  # what a patch says of such a row is not in the bucket
        self.before -= self.added
        return concatenate(parts)

    def _moving(self, reader: LogReader, ids: Ints, marks: Ints) -> Rows:
        """Rows of the delta beyond the marks."""
        seen = reader.delta.seen
        bounds = np.stack([np.searchsorted(seen["entity"], ids, side) for side in ("left", "right")], axis=1)
        places, owners = _spread(bounds, np.arange(len(ids)))
        settled = self.added.copy()
        rows = self._take(seen, places, owners, marks)
        self.before += bounds[:, 1] - bounds[:, 0] - (self.added - settled)
        firsts = np.flatnonzero(np.diff(rows["entity"], prepend=rows["entity"][:1] - 1))
        holders = np.searchsorted(ids, rows["entity"][firsts])
        after, tied = np.zeros(len(firsts), bool), np.ones(len(firsts), bool)
        for name in ORDER:
            first, end = rows[name][firsts], self._ends[name][holders]
            after |= tied & (first > end)
            tied &= first == end
        self.follows[holders] &= after
        return rows

    def _take(self, rows: Rows, places: Ints, owners: Ints, marks: Ints) -> Rows:
        """The rows beyond the marks among those at `places`; each entity's must be the last ones."""
        fresh = rows["seq"][places] > marks[owners]
        broken = fresh[:-1] & ~fresh[1:] & (owners[:-1] == owners[1:])
        self.follows[owners[:-1][broken]] = False
        self.added += np.bincount(owners[fresh], minlength=len(self.added))
        return take(rows, places[fresh])


def _spread(bounds: Ints, owners: Ints) -> tuple[Ints, Ints]:
    """Every place within `bounds`, and whose it is."""
    sizes = bounds[:, 1] - bounds[:, 0]
    begins = np.cumsum(sizes) - sizes
    places: Ints = np.arange(int(sizes.sum())) + np.repeat(bounds[:, 0] - begins, sizes)
    return places, np.repeat(owners, sizes)
