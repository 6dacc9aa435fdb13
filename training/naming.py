"""Names for segments, from what sets their customers apart most, and names that stay from version to version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scoring import Floats
from scoring.grouping import Places
from scoring.segmentation import Segment
from training.clusters import jaccard

TELLING = 0.3  # standard deviations from everybody's mean, below which a trait is no news
SAME = 0.3  # Jaccard index from which on a new segment is an old one


@dataclass(frozen=True)
class Trait:
    """A column with the words for having much or little of it.

    Attributes
    ----------
    ref : str
    per : str or None
    title : str
        What it is, for sentences.
    much, little : str
        Before a noun: ``lapsing``.
    many, few : str
        As a noun: ``big spenders``.
    """

    ref: str
    per: str | None
    title: str
    much: str
    little: str
    many: str
    few: str


def describe(traits: Sequence[Trait], differences: Floats, taken: Collection[str]) -> str:
    """A name for one segment.

    Parameters
    ----------
    traits : sequence of Trait
        In the order in which they make good nouns.
    differences : ndarray, shape (traits,)
        Of the segment's mean from everybody's, in standard deviations.
    taken : collection of str
        Names that are given already.

    Examples
    --------
    >>> spend = Trait("a:s", None, "spend", "big-spending", "thrifty", "big spenders", "small spenders")
    >>> since = Trait("a:r", None, "days", "lapsing", "recent", "lapsing customers", "recent customers")
    >>> describe([spend, since], np.array([0.9, 1.4]), ())
    'lapsing big spenders'
    >>> describe([spend, since], np.array([0.1, -0.1]), ())
    'average customers'
    """
    order: list[int] = np.argsort(-np.abs(differences), kind="stable").tolist()
    telling = [place for place in order if abs(differences[place]) >= TELLING]
    if not telling:
        return _free("average customers", taken)
    for count in range(2, 5):
        first = telling[:2]
        noun = min(first)
        before = [place for place in telling[:count] if place != noun]
        words = [traits[place].much if differences[place] > 0 else traits[place].little for place in reversed(before)]
        name = " ".join([*words, traits[noun].many if differences[noun] > 0 else traits[noun].few])
        if name not in taken:
            return name
    return _free(name, taken)


def sentence(traits: Sequence[Trait], differences: Floats, own: Floats, everybody: Floats) -> str:
    """What sets a segment apart, in numbers.

    Parameters
    ----------
    own, everybody : ndarray, shape (traits,)
        Mean of each trait in the segment and over all.

    Examples
    --------
    >>> spend = Trait("a:s", None, "spend in a year", "", "", "", "")
    >>> sentence([spend], np.array([2.0]), np.array([900.0]), np.array([310.0]))
    'spend in a year 900 (all: 310)'
    """
    strongest = np.argsort(-np.abs(differences), kind="stable")[:3].tolist()
    parts = [f"{traits[place].title} {_short(own[place])} (all: {_short(everybody[place])})" for place in strongest]
    return "; ".join(parts)


def match(old: Places, new: Places, olds: int, news: int) -> dict[int, int]:
    """Which new group is which old one: the assignment that shares most customers, where they share enough.

    Parameters
    ----------
    old, new : ndarray, shape (n,)
        Groups of the same customers.
    olds, news : int
        Numbers of groups.

    Returns
    -------
    dict of int to int
        Old group by new group.

    Examples
    --------
    >>> match(np.array([0, 0, 1, 1, 1]), np.array([2, 2, 0, 0, 1]), 2, 3)
    {0: 1, 2: 0}
    """
    from scipy.optimize import linear_sum_assignment

    count = max(olds, news)
    table = np.bincount(new * count + old, minlength=count * count).reshape(count, count)
    shared = jaccard(table)
    rows, columns = linear_sum_assignment(-shared)
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if row < news and column < olds and shared[row, column] >= SAME
    }


def settle(
    names: Sequence[str],
    words: Sequence[str],
    shares: Floats,
    later: Mapping[int, float],
    kept: Mapping[int, Segment],
    used_ids: Collection[str],
) -> tuple[Segment, ...]:
    """Segments in the order of their groups: a matched one keeps id and name, others get an id never used before.

    Examples
    --------
    >>> old = Segment("s2", "big spenders", "", 0.5)
    >>> [item.id for item in settle(["a", "b"], ["", ""], np.array([0.5, 0.5]), {}, {1: old}, ["s1", "s2"])]
    ['s3', 's2']
    """
    number = max([int(item[1:]) for item in used_ids if item[1:].isdigit()], default=0)
    found = []
    for place, (name, text) in enumerate(zip(names, words, strict=True)):
        if place in kept:
            identity = kept[place].id
        else:
            number += 1
            identity = f"s{number}"
        shown = kept[place].name if place in kept else name
        found.append(Segment(identity, shown, text, round(float(shares[place]), 6), later.get(place)))
    return tuple(found)


def _free(name: str, taken: Collection[str]) -> str:
    number = 2
    shown = name
    while shown in taken:
        shown, number = f"{name} {number}", number + 1
    return shown


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
