"""What one write is about: its transaction, its counters, who writes, and what became of the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from typing import Self, TypeAlias

from crm.connections import Connection
from crm.counters import Counters


@dataclass(frozen=True)
class WriteCounts:
    """What became of the rows of one table.

    Attributes
    ----------
    read, inserted, corrected, retracted, unchanged : int
        Rows handed in, and how many of them were new, changed, withdrawn, or as they stood.

    Examples
    --------
    >>> WriteCounts(read=2, inserted=1) + WriteCounts(unchanged=1)
    WriteCounts(read=2, inserted=1, corrected=0, retracted=0, unchanged=1)
    """

    read: int = 0
    inserted: int = 0
    corrected: int = 0
    retracted: int = 0
    unchanged: int = 0

    def __add__(self, other: Self) -> WriteCounts:
        return WriteCounts(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Change:
    """Who writes, when it became known and why.

    Attributes
    ----------
    source : str
        Name of a declared source.
    known_at : int or None
        Moment in µs for rows that give none; None is the present.
    actor, reason : str or None
        Kept with each version of a head.
    closing : callable or None
        Told the writing, the source's id and the counts at the end; what it writes is part of the transaction.
    is_told : bool
        Whether versions of facts keep the ``known_at`` that they are given, in whatever order they arrive.
    """

    source: str
    known_at: int | None = None
    actor: str | None = None
    reason: str | None = None
    closing: Closing | None = None
    is_told: bool = False


@dataclass(frozen=True)
class Writing:
    """One transaction that is under way.

    Attributes
    ----------
    connection : Connection
    counters : Counters
    change : Change
    now : int
        The present, µs.
    """

    connection: Connection
    counters: Counters
    change: Change
    now: int


Closing: TypeAlias = Callable[[Writing, int, Mapping[str, WriteCounts]], None]
