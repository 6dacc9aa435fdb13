"""Building spines: who was there, and who was active, at past moments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from crm.schema import Customer, Lead, Opportunity, Product
from features.declare.aggregate import Aggregate
from features.declare.log import Log, states_log
from features.entity import Entity
from features.history.store import History
from features.offline import Moments, aggregate
from features.windows import lifetime

HEADS: dict[str, Any] = {"customer": Customer, "lead": Lead, "product": Product, "opportunity": Opportunity}


@cache
def head_log(entity: Entity) -> Log:
    """The log of an entity's own versions."""
    return states_log(HEADS[entity.name], entity=entity)


def spine_at(
    history: History, entity: Entity, moments: Sequence[int], active: Aggregate | None, threads: int
) -> pd.DataFrame:
    """The entities that were known at each moment, perhaps only those of which `active` was above 0.

    Returns
    -------
    pandas.DataFrame
        ``<entity>_id`` int64, ``as_of`` int64 (microseconds); by moment, then id.
    """
    log = head_log(entity)
    history.want(log)
    tests = [Aggregate(log, "count", None, lifetime[0])]
    if active is not None:
        history.want(active.log)
        tests.append(active)
    ids = history.reader(tests[-1].log).entities
    rows = Moments(np.tile(ids, len(moments)), np.repeat(np.array(moments, np.int64), len(ids)), np.zeros(0, np.int64))
    rows = Moments(rows.entities, rows.moments, rows.moments)
    kept = np.ones(len(rows), bool)
    for column in aggregate(history, tests, rows, threads=threads):
        kept &= column > 0
    return pd.DataFrame({entity.key: rows.entities[kept], "as_of": rows.moments[kept]})
