"""How far segments overlap: pairs of them, counted and set against chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Overlap:
    """Two segments, and the customers in both.

    Attributes
    ----------
    first, second : str
    both : int
    of_first, of_second : float
        The share of each that is in the other; 0 where it is empty.
    jaccard : float
        Those in both, of those in either.
    lift : float or None
        Times as many as if membership of one told nothing about the other; None where one is empty.
    """

    first: str
    second: str
    both: int
    of_first: float
    of_second: float
    jaccard: float
    lift: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def overlaps(members: Mapping[str, NDArray[np.int64]], customers: int) -> list[Overlap]:
    """Every pair of segments, the most alike first.

    Parameters
    ----------
    members : mapping of str to array of int64
        Customers of each segment, each once.
    customers : int
        All that there are.

    Examples
    --------
    >>> (pair,) = overlaps({"a": np.array([1, 2, 3, 4]), "b": np.array([3, 4, 5])}, 12)
    >>> pair.both, pair.of_first, round(pair.of_second, 2), pair.jaccard, pair.lift
    (2, 0.5, 0.67, 0.4, 2.0)
    """
    pairs = [_pair(one, other, members, customers) for one, other in combinations(members, 2)]
    return sorted(pairs, key=lambda pair: (-pair.jaccard, pair.first, pair.second))


def _pair(one: str, other: str, members: Mapping[str, NDArray[np.int64]], customers: int) -> Overlap:
    first, second = len(members[one]), len(members[other])
    both = len(np.intersect1d(members[one], members[other], assume_unique=True))
    return Overlap(
        first=one,
        second=other,
        both=both,
        of_first=both / max(first, 1),
        of_second=both / max(second, 1),
        jaccard=both / max(first + second - both, 1),
        lift=both * customers / (first * second) if first and second else None,
    )
