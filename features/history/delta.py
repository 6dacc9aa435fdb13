"""The delta of a log: what has arrived since its last compaction, and whom that touches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.history.files import Bucket, bucket_of, map_bucket, write_rows
from features.history.rows import Rows, concatenate, count, empty_like, sort, take
from features.history.supersede import superseded_at
from features.kernel.program import Ints

SEEN, GHOSTS, PATCHES = "seen.arrow", "ghosts.arrow", "patches.arrow"


@dataclass(frozen=True)
class Delta:
    """Rows beside the buckets of a log.

    Attributes
    ----------
    seen : Rows
        Rows that can be seen, in the total order.
    ghosts : Rows
        Versions that are never seen but replace others.
    patches : Rows
        ``bucket``, ``row``, ``entity``, ``superseded_at``: rows of the buckets that later versions replace.
    """

    seen: Rows
    ghosts: Rows
    patches: Rows

    @property
    def entities(self) -> Ints:
        """Whose rows are not those of the buckets alone."""
        return np.unique(np.concatenate([self.seen["entity"], self.patches["entity"]]))

    def write(self, folder: Path) -> None:
        """Write it to a new folder."""
        folder.mkdir(parents=True)
        write_rows(self.seen, folder / SEEN)
        write_rows(self.ghosts, folder / GHOSTS)
        write_rows(self.patches, folder / PATCHES)

    @classmethod
    def read(cls, folder: Path) -> Delta:
        """Map what `write` wrote."""
        return cls(*(map_bucket(folder / name).as_rows() for name in (SEEN, GHOSTS, PATCHES)))

    @classmethod
    def nothing(cls, like: Rows) -> Delta:
        """A delta without rows, of the columns of `like`."""
        none = np.zeros(0, np.int64)
        names = ("bucket", "row", "entity", "superseded_at")
        return cls(empty_like(like), empty_like(like), dict.fromkeys(names, none))


def overlay(base: Bucket, number: int, delta: Delta, touched: Ints) -> Bucket:
    """The rows of touched entities of one bucket, as they stand with the delta.

    Parameters
    ----------
    base : Bucket
    number : int
        Its number.
    delta : Delta
    touched : int64[]
        The touched entities of the bucket, ascending.
    """
    places = rows_of(base, touched)
    rows = take(base.as_rows(), places)
    patched = delta.patches["bucket"] == number
    at = np.searchsorted(places, delta.patches["row"][patched])
    rows["superseded_at"][at] = delta.patches["superseded_at"][patched]
    fresh = take(delta.seen, np.isin(delta.seen["entity"], touched))
    return bucket_of(sort(concatenate([rows, {name: fresh[name] for name in rows}])))


def rows_of(bucket: Bucket, entities: Ints) -> Ints:
    """The places of some entities' rows in a bucket, ascending for ascending entities."""
    bounds = bucket.bounds(entities)
    sizes = bounds[:, 1] - bounds[:, 0]
    begins = np.cumsum(sizes) - sizes
    places: Ints = np.arange(int(sizes.sum())) + np.repeat(bounds[:, 0] - begins, sizes)
    return places


def extend(
    buckets: list[Bucket],
    ghosts: Rows,
    delta: Delta,
    fresh: Rows,
    log: Log,
    columns: tuple[str, ...],
    dictionary: Dictionary,
) -> Delta:
    """A delta with fresh versions, every affected moment of supersession computed anew.

    Parameters
    ----------
    buckets : list of Bucket
        The base of the log.
    ghosts : Rows
        The base's own.
    delta : Delta
        As it stood.
    fresh : Rows
        New versions, with ``version``; only those beyond the first can have others elsewhere.
    log, columns, dictionary
        What the log is.
    """
    later = np.unique(fresh["fact"][fresh["version"] > 1])
    fresh = {name: values for name, values in fresh.items() if name != "version"}
    all_ghosts = concatenate([ghosts, delta.ghosts])
    facts = np.unique(fresh["fact"])
    entities = _entities(buckets, [delta.seen, all_ghosts], later, fresh, log)
    standing = [_places(bucket.as_rows(), later, entities, log) for bucket in buckets]
    beside = _places(delta.seen, facts, entities, log)
    parts = [take(bucket.as_rows(), places) for bucket, places in zip(buckets, standing, strict=True)]
    parts += [take(delta.seen, beside), fresh]
    involved = np.concatenate([part["fact"] for part in parts])
    parts.append(take(all_ghosts, np.isin(all_ghosts["fact"], involved)))
    pool = concatenate([{name: part[name] for name in fresh} for part in parts])
    pool["superseded_at"] = superseded_at(pool, log, columns, dictionary)
    edges = np.cumsum([0, sum(map(len, standing)), len(beside), count(fresh)])
    ends = pool["superseded_at"]
    seen = dict(delta.seen)
    seen["superseded_at"] = seen["superseded_at"].copy()
    seen["superseded_at"][beside] = ends[edges[1] : edges[2]]
    fresh = {**fresh, "superseded_at": ends[edges[2] : edges[3]]}
    fresh = {name: fresh[name] for name in seen}
    return Delta(
        sort(concatenate([seen, take(fresh, fresh["gone"] == 0)])),
        concatenate([delta.ghosts, take(fresh, fresh["gone"] != 0)]),
        _patches(buckets, standing, ends[: edges[1]], delta),
    )


def _entities(buckets: list[Bucket], others: list[Rows], facts: Ints, fresh: Rows, log: Log) -> Ints:
    """For states: every entity that has a fresh version, or another version of a fact that has one."""
    if log.rule == "fact":
        return np.zeros(0, np.int64)
    everywhere = [*(bucket.as_rows() for bucket in buckets), *others]
    found = [rows["entity"][np.isin(rows["fact"], facts)] for rows in everywhere]
    entities: Ints = np.unique(np.concatenate([fresh["entity"], *found]))
    return entities[entities >= 0]


def _places(rows: Rows, facts: Ints, entities: Ints, log: Log) -> Ints:
    """The rows that share a fact with fresh rows, or for states an entity."""
    if log.rule == "state":
        return np.flatnonzero(np.isin(rows["entity"], entities))
    return np.flatnonzero(np.isin(rows["fact"], facts)) if len(facts) else np.zeros(0, np.int64)


def _patches(buckets: list[Bucket], standing: list[Ints], ends: Ints, delta: Delta) -> Rows:
    """The earlier patches and the rows of the buckets whose supersession has changed."""
    before = delta.patches
    parts = {name: [values] for name, values in before.items()}
    begin = 0
    for number, (bucket, places) in enumerate(zip(buckets, standing, strict=True)):
        part = ends[begin : begin + len(places)]
        begin += len(places)
        changed = part != bucket.column("superseded_at")[places]
        parts["bucket"].append(np.full(int(changed.sum()), number, np.int64))
        parts["row"].append(places[changed])
        parts["entity"].append(bucket.column("entity")[places[changed]])
        parts["superseded_at"].append(part[changed])
    joined = {name: np.concatenate(values) for name, values in parts.items()}
    # of two patches of one row the later stands
    order = np.lexsort((np.arange(len(joined["row"])), joined["row"], joined["bucket"]))
    key = np.stack([joined["bucket"][order], joined["row"][order]])
    last = np.append((key[:, 1:] != key[:, :-1]).any(axis=0), True) if len(order) else np.zeros(0, bool)
    return take(joined, order[last])
