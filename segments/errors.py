"""What can go wrong with a segment, as one sentence; and how a near miss is told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from configs.errors import RapportError


class SegmentError(RapportError):
    """A segment is unknown, says something that cannot be, or cannot be built or written."""


def near(name: str, known: Iterable[str]) -> str:
    """The known names that look like `name`, or the first few of all.

    Examples
    --------
    >>> near("order_365d", ["orders_365d", "spend_30d"])
    "close to it is 'orders_365d'"
    >>> near("zzz", ["b", "a"]), near("zzz", [])
    ('known are a, b', 'none is known yet')
    """
    names = sorted(known)
    likeness = {item: difflib.SequenceMatcher(None, name, item).ratio() for item in names}
    best = max(likeness.values(), default=0.0)
    close = [item for item in names if likeness[item] >= max(0.6, best - 0.1)][:3]
    if close:
        return ("close to it is " if len(close) == 1 else "close to it are ") + ", ".join(repr(item) for item in close)
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"known are {', '.join(names[:12])}{more}" if names else "none is known yet"
