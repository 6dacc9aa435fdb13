"""Erasure from what is derived: history, codes of combinations, online states, training sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from features.entity import ENTITIES
from features.online.materialize import materialize

if TYPE_CHECKING:
    from features.store import FeatureStore


def erase(store: FeatureStore, ids: Mapping[str, Sequence[int]], tables: Collection[str]) -> dict[str, int]:
    """Build anew what was made from the rows of people who have left the records.

    What is derived is not edited: every log of a touched table is read again from the records, dictionaries of texts
    included, and every kind of entity that is online is packed again, since others' states named the people too.

    Parameters
    ----------
    store : FeatureStore
    ids : mapping of str to sequence of int
        Record ids by head table (``customers``, ``leads``).
    tables : collection of str
        Tables whose rows the erasure has removed or changed.

    Returns
    -------
    dict of str to int
        ``history logs``, ``combinations``, ``online states``, ``training set rows``: taken out, or made anew.
    """
    heads = [(kind, list(ids[kind.table])) for kind in ENTITIES.values() if ids.get(kind.table)]
    counts = {"history logs": len(store.history.forget(tables))}
    counts["combinations"] = sum(store.history.keys.forget(kind, np.array(gone, np.int64)) for kind, gone in heads)
    counts["online states"] = _pack_anew(store) if heads else 0
    counts["training set rows"] = sum(store.training_sets.erase(kind.key, gone) for kind, gone in heads)
    store.spark.forget()  # its copies, wherever they lie
    return counts


def _pack_anew(store: FeatureStore) -> int:
    online, states = store.online.store, 0
    for kind in ENTITIES.values():
        stamp = online.stamp(kind.name)
        if stamp is not None:
            states += materialize(online, store.history, kind, store.logs_of(kind), stamp.as_of, anew=True).states
    online.scrub()
    store.online.holding.clear()
    return states
