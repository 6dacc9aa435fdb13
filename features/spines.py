"""Building spines: who was there, and who was active, at past moments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from crm import Merges
from crm.schema import Customer, Lead, Opportunity, Product
from features.declare.aggregate import Aggregate
from features.declare.log import Log, states_log
from features.entity import Entity
from features.errors import SpineError
from features.history.store import History
from features.offline import Moments, aggregate
from features.windows import lifetime

HEADS: dict[str, Any] = {"customer": Customer, "lead": Lead, "product": Product, "opportunity": Opportunity}


@cache
def head_logs(entity: Entity) -> tuple[Log, ...]:
    """The log of an entity's own versions; none of a composite one, which has no records of its own."""
    return () if entity.parts else (states_log(HEADS[entity.name], entity=entity),)


def spine_at(
    history: History, entity: Entity, moments: Sequence[int], active: Aggregate | None, threads: int, merges: Merges
) -> pd.DataFrame:
    """The entities that were known at each moment, perhaps only those of which `active` was above 0.

    A customer whom a merge had taken by then, as was known at the moment, is none any more.

    Returns
    -------
    pandas.DataFrame
        ``<entity>_id`` int64 (a composite entity has several), ``as_of`` int64 (microseconds); by moment, then id.

    Raises
    ------
    SpineError
        If the entity is composite and `active` does not say by what it is known.
    """
    tests = [Aggregate(log, "count", None, lifetime[0]) for log in head_logs(entity)]
    tests += [] if active is None else [active]
    if not tests:
        raise SpineError(
            f"{entity.table} have no records of their own; a measure by which one is known is expected; "
            "write every(…, active=lines.count(days(90)))"
        )
    for item in tests:
        history.want(item.log)
    ids = history.reader(tests[-1].log).entities
    rows = Moments(np.tile(ids, len(moments)), np.repeat(np.array(moments, np.int64), len(ids)), np.zeros(0, np.int64))
    rows = Moments(rows.entities, rows.moments, rows.moments)
    kept = np.ones(len(rows), bool)
    for column in aggregate(history, tests, rows, threads=threads):
        kept &= column > 0
    ids_of = history.keys.ids(entity, rows.entities[kept])
    spine = pd.DataFrame(dict(zip(entity.keys, ids_of, strict=True)) | {"as_of": rows.moments[kept]})
    return _unmerged(spine, merges) if merges and "customer_id" in spine else spine


def _unmerged(spine: pd.DataFrame, merges: Merges) -> pd.DataFrame:
    taken = np.zeros(len(spine), bool)
    for moment in spine["as_of"].unique():
        taken |= (spine["as_of"] == moment) & spine["customer_id"].isin(merges.at(int(moment)))
    return spine[~taken].reset_index(drop=True)
