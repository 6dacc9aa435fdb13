"""Extending a delta with versions that have arrived since."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.declare.log import Log
from features.history.delta import Delta
from features.history.dictionary import Dictionary
from features.history.log import LogReader
from features.history.rows import Rows, concatenate, count, sort, take
from features.history.supersede import superseded_at
from features.kernel.program import Ints


def extend(old: LogReader, fresh: Rows, columns: tuple[str, ...], dictionary: Dictionary) -> Delta:
    """A delta with fresh versions, every affected moment of supersession computed anew.

    Parameters
    ----------
    old : LogReader
        The log as it stood.
    fresh : Rows
        New versions, with ``version``; only those beyond the first can have others elsewhere.
    columns, dictionary
        What the log is.
    """
    log, delta = old.log, old.delta
    later = np.unique(fresh["fact"][fresh["version"] > 1])
    fresh = {name: values for name, values in fresh.items() if name != "version"}
    all_ghosts = concatenate([old.ghosts, delta.ghosts])
    facts = np.unique(fresh["fact"])
    entities = _entities(old, all_ghosts, later, fresh)
    standing = list(_standing(old, later, entities))
    beside = _places(delta.seen, facts, entities, log)
    parts = [*standing, take(delta.seen, beside), fresh]
    involved = np.concatenate([part["fact"] for part in parts])
    parts.append(take(all_ghosts, np.isin(all_ghosts["fact"], involved)))
    pool = concatenate([{name: part[name] for name in fresh} for part in parts])
    pool["superseded_at"] = superseded_at(pool, log, columns, dictionary)
    edges = np.cumsum([0, sum(map(count, standing)), len(beside), count(fresh)])
    ends = pool["superseded_at"]
    seen = dict(delta.seen)
    seen["superseded_at"] = seen["superseded_at"].copy()
    seen["superseded_at"][beside] = ends[edges[1] : edges[2]]
    fresh = {**fresh, "superseded_at": ends[edges[2] : edges[3]]}
    fresh = {name: fresh[name] for name in seen}
    return Delta(
        sort(concatenate([seen, take(fresh, fresh["gone"] == 0)])),
        concatenate([delta.ghosts, take(fresh, fresh["gone"] != 0)]),
        _patches(standing, ends[: edges[1]], delta),
    )


def _standing(old: LogReader, facts: Ints, entities: Ints) -> Iterator[Rows]:
    """The rows of each bucket that share a fact with fresh rows, or for states an entity, with where they are."""
    if len(facts) or len(entities):
        for number, bucket in enumerate(old.buckets()):
            rows = bucket.as_rows()
            places = _places(rows, facts, entities, old.log)
            yield take(rows, places) | {"bucket": np.full(len(places), number, np.int64), "row": places}


def _entities(old: LogReader, ghosts: Rows, facts: Ints, fresh: Rows) -> Ints:
    """For states: every entity that has a fresh version, or another version of a fact that has one."""
    if old.log.rule == "fact":
        return np.zeros(0, np.int64)
    found = [fresh["entity"]]
    if len(facts):
        everywhere = [*(bucket.as_rows() for bucket in old.buckets()), old.delta.seen, ghosts]
        found += [rows["entity"][np.isin(rows["fact"], facts)] for rows in everywhere]
    entities: Ints = np.unique(np.concatenate(found))
    return entities[entities >= 0]


def _places(rows: Rows, facts: Ints, entities: Ints, log: Log) -> Ints:
    """The rows that share a fact with fresh rows, or for states an entity."""
    if log.rule == "state":
        return np.flatnonzero(np.isin(rows["entity"], entities))
    return np.flatnonzero(np.isin(rows["fact"], facts)) if len(facts) else np.zeros(0, np.int64)


def _patches(standing: list[Rows], ends: Ints, delta: Delta) -> Rows:
    """The earlier patches and the rows of the buckets whose supersession has changed."""
    parts = [delta.patches]
    begin = 0
    for rows in standing:
        fresh = rows | {"superseded_at": ends[begin : begin + count(rows)]}
        begin += count(rows)
        changed = take(fresh, fresh["superseded_at"] != rows["superseded_at"])
        parts.append({name: changed[name] for name in delta.patches})
    joined = concatenate(parts)
    # of two patches of one row the later stands
    order = np.lexsort((np.arange(len(joined["row"])), joined["row"], joined["bucket"]))
    key = np.stack([joined["bucket"][order], joined["row"][order]])
    last = np.append((key[:, 1:] != key[:, :-1]).any(axis=0), True) if len(order) else np.zeros(0, bool)
    return take(joined, order[last])
