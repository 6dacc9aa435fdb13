"""Statuses: whether an entity is known, and whether a view's newest row is too old to speak for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from features.declare.aggregate import Aggregate
from features.declare.view import FeatureView
from features.kernel.program import Floats, Ints
from features.windows import lifetime

OK, NOT_FOUND, EXPIRED = "OK", "NOT_FOUND", "EXPIRED"


def status_aggregates(views: Iterable[FeatureView]) -> list[Aggregate]:
    """What must be counted to tell the statuses of views with a time to live: all rows, and those alive."""
    return [
        Aggregate(log, "count", None, window)
        for view in views
        if view.ttl
        for log in view.logs
        for window in (*view.ttl, *lifetime)
    ]


def statuses(
    views: Iterable[FeatureView], ids: Ints, slots: Mapping[Aggregate, int], out: Floats
) -> dict[str, list[str]]:
    """For each view, and each entity, ``OK``, ``NOT_FOUND``, or ``EXPIRED`` when there are rows but none alive."""
    plain = [OK if number >= 0 else NOT_FOUND for number in ids.tolist()]
    return {view.name: _expired(view, plain, slots, out) if view.ttl else plain.copy() for view in views}


def _expired(view: FeatureView, plain: list[str], slots: Mapping[Aggregate, int], out: Floats) -> list[str]:
    alive, ever = (
        sum((out[slots[Aggregate(log, "count", None, window)]] for log in view.logs), np.zeros(len(plain)))
        for window in (view.ttl[0], lifetime[0])
    )
    gone = ((alive == 0) & (ever > 0)).tolist()
    return [EXPIRED if old and status == OK else status for old, status in zip(gone, plain, strict=True)]
