"""How far a segment reaches: its members, how many of them may be contacted, who came and went, their mean scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Mean:
    """The mean score of a model over the members that it scored."""

    value: float
    scored: int


@dataclass(frozen=True)
class Reach:
    """A segment in numbers; nobody is named.

    Attributes
    ----------
    segment : str
    as_of : int
        Moment of the membership (µs).
    members, allowed : int
        All members, and those who may be contacted now.
    suppressed : mapping of str to int
        The others, by reason.
    added, removed : int
        Who entered and who left at `as_of`.
    before : int or None
        Moment of the build before; None for the first.
    means : mapping of str to Mean
        By model, of its latest batch at or before `as_of`.
    """

    segment: str
    as_of: int
    members: int
    allowed: int
    suppressed: Mapping[str, int]
    added: int
    removed: int
    before: int | None
    means: Mapping[str, Mean]
