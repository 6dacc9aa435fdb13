"""From what somebody bought to a ranking of all items: one recipe, the same arithmetic in training, batch and online.

A ranking has two tiers. What was bought before comes first, the most often bought first and the currently popular
first among equals, where the recipe says so; the rest is explored: by bonds between items, by popularity, or both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.factors import Factors, Folded
from scoring.items import Ids, Items, Neighbours
from scoring.model import Floats

Codes: TypeAlias = npt.NDArray[np.intp]
Explore: TypeAlias = Literal["popularity", "recent", "orders", "knn", "ease", "ials"]
Repeat: TypeAlias = Literal["first", "mixed", "never"]

DAY = 86_400_000_000
LATELY = 90  # days
_BELOW_ONE = 0.999  # keeps popularity from outweighing one purchase more


@dataclass(frozen=True)
class Recipe:
    """How items are ranked.

    Attributes
    ----------
    explore : {"popularity", "recent", "orders", "knn", "ease", "ials"}
        What ranks items that were not bought before.
    repeat : {"first", "mixed", "never"}
        Whether items bought before come first, stand where exploring puts them, or are left out.
    recent_weight : float
        Weight of recent popularity beside the bonds.
    half_life_days : float or None
        After how many days a purchase speaks half as loud; None: for ever equally.
    regularisation : float or None
        Of EASE and iALS.
    neighbours : int or None
        Of EASE: how many each item keeps.
    dimensions, confidence, rounds : int, float, int, or None
        Of iALS: numbers for each item, how much more a purchase counts, and how often both sides are solved.
        None, here and above: the usual.
    rerank : bool
        Whether boosted trees rank the candidates anew.

    Examples
    --------
    >>> Recipe.from_json(Recipe("ease", "first", 0.1).to_json()).explore
    'ease'
    """

    explore: Explore
    repeat: Repeat
    recent_weight: float = 0.0
    half_life_days: float | None = None
    regularisation: float | None = None
    rerank: bool = False
    neighbours: int | None = None
    dimensions: int | None = None
    confidence: float | None = None
    rounds: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(**value)

    @property
    def words(self) -> str:
        """The recipe as a person says it."""
        bonds = {
            "orders": "bought in one order",
            "knn": "bought together (item-kNN)",
            "ease": "bought together (EASE)",
            "ials": "bought by similar customers (iALS)",
        }
        rest = {"popularity": "best sellers", "recent": "popular now"}.get(self.explore) or bonds[self.explore]
        if self.explore in bonds and self.recent_weight:
            rest += " with what is popular now"
        told = {"first": f"what one buys again, then {rest}", "mixed": rest, "never": f"{rest}, nothing twice"}
        return told[self.repeat] + (", candidates ranked anew by boosted trees" if self.rerank else "")


@dataclass(frozen=True)
class History:
    """What one customer bought, by item.

    Attributes
    ----------
    codes : ndarray of intp, shape (m,)
        Items, rising.
    times : ndarray of float64, shape (m,)
        Number of moments at which each was bought.
    age_days : ndarray of float64, shape (m,)
        Days since the last of them.
    first_days : ndarray of float64, shape (m,)
        Days since the first of them.
    lately : ndarray of float64, shape (m,)
        Number of moments in the last `LATELY` days.
    visits, visits_lately : int
        Different moments at which anything was bought, in all and in the last `LATELY` days.
    """

    codes: Codes
    times: Floats
    age_days: Floats
    first_days: Floats
    lately: Floats
    visits: int
    visits_lately: int

    @classmethod
    def of(cls, items: Items, product_id: Ids, occurred_at: Ids, at: int) -> Self:
        """Gather purchases by item; products that are not among the items are passed over.

        Examples
        --------
        >>> items = Items.plain(np.array([3, 8]), np.ones(2), np.ones(2))
        >>> seen = History.of(items, np.array([8, 8, 8]), np.array([0, 0, DAY]), at=3 * DAY)
        >>> seen.codes.tolist(), seen.times.tolist(), seen.age_days.tolist()
        ([1], [2.0], [2.0])
        """
        codes = items.codes(product_id)
        known = codes >= 0
        codes, moments = codes[known], occurred_at[known]
        order = np.lexsort((moments, codes))
        codes, moments = codes[order], moments[order]
        first = np.ones(len(codes), dtype=bool)
        first[1:] = codes[1:] != codes[:-1]
        fresh = first.copy()
        fresh[1:] |= moments[1:] != moments[:-1]
        starts = np.flatnonzero(first)
        if not len(starts):
            nothing = np.empty(0)
            return cls(codes, nothing, nothing, nothing, nothing, 0, 0)
        is_late = moments >= at - LATELY * DAY
        visits = np.unique(moments)
        return cls(
            codes[starts],
            np.add.reduceat(fresh.astype(np.float64), starts),
            (at - moments[np.append(starts[1:], len(codes)) - 1]) / DAY,
            (at - moments[starts]) / DAY,
            np.add.reduceat((fresh & is_late).astype(np.float64), starts),
            len(visits),
            int(np.count_nonzero(visits >= at - LATELY * DAY)),
        )


@dataclass(frozen=True)
class Said:
    """What the items of one history say for others, in the order of their codes.

    Attributes
    ----------
    item : ndarray of int64, shape (n,)
        For which item.
    weight : ndarray of float64, shape (n,)
        How loud.
    speaker : ndarray of intp, shape (n,)
        Place in the history of the item that says it.
    """

    item: Ids
    weight: Floats
    speaker: Codes

    def heard(self, count: int) -> Floats:
        """What all of them say together for each of the `count` items."""
        return np.bincount(self.item, weights=self.weight, minlength=count).astype(np.float64)

    def loudest(self, code: int) -> tuple[int, float]:
        """Place of the item that speaks loudest for `code`, and how loud; -1 and 0 when none does.

        Examples
        --------
        >>> Said(np.array([4, 4, 5]), np.array([0.2, 0.7, 0.1]), np.array([0, 1, 1])).loudest(4)
        (1, 0.7)
        """
        places = np.flatnonzero(self.item == code)
        if not len(places):
            return -1, 0.0
        top = places[np.argmax(self.weight[places])]
        weight = float(self.weight[top])
        return (int(self.speaker[top]), weight) if weight > 0 else (-1, 0.0)


@dataclass(frozen=True)
class Ranker:
    """Items, their bonds or factors, and a recipe."""

    items: Items
    bonds: Neighbours | Factors
    recipe: Recipe

    def scores(self, history: History) -> Floats:
        """Score of every item; items bought before score 1 and more where they come first, others less than 1.

        Examples
        --------
        >>> items = Items.plain(np.array([3, 8, 9]), np.array([5.0, 1.0, 2.0]), np.zeros(3))
        >>> ranker = Ranker(items, Neighbours.none(3), Recipe("popularity", "first"))
        >>> seen = History.of(items, np.array([8]), np.array([0]), at=DAY)
        >>> np.argsort(-ranker.scores(seen)).tolist()
        [1, 0, 2]
        """
        return self.ranked(history, self.said(history))

    def ranked(self, history: History, said: Said | Folded) -> Floats:
        """As `scores`, from what the history's items say."""
        result = self.shaped(said.heard(len(self.items)))
        if self.recipe.repeat == "first":
            result[history.codes] = self.again(history)
        elif self.recipe.repeat == "never":
            result[history.codes] = -np.inf
        return result

    def said(self, history: History) -> Said | Folded:
        """What the items of a history say for others; nothing where popularity alone ranks."""
        if self.recipe.explore in ("popularity", "recent"):
            return Said(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=np.intp))
        voices = self.voices(history)
        if isinstance(self.bonds, Factors):
            return self.bonds.said(history.codes, voices)
        return Said(*self.bonds.spread(history.codes, voices))

    def shaped(self, heard: Floats) -> Floats:
        """Scores below 1 from what was heard, shape (…, items); popularity where nothing was heard at all."""
        if self.recipe.explore == "popularity":
            explored = np.broadcast_to(self.items.popular_share, heard.shape)
        elif self.recipe.explore == "recent":
            explored = np.broadcast_to(self.items.recent_share, heard.shape)
        else:
            silent = ~heard.any(axis=-1, keepdims=True)
            explored = heard + np.where(silent, 1.0, self.recipe.recent_weight) * self.items.recent_share
        result: Floats = explored / (1.0 + np.abs(explored))
        return result

    def again(self, history: History) -> Floats:
        """Scores of the history's own items where they come first: times bought, popularity among equals."""
        result: Floats = history.times + _BELOW_ONE * self.items.recent_share[history.codes]
        return result

    def voices(self, history: History) -> Floats:
        """How loud each item of the history speaks."""
        if self.recipe.half_life_days is None:
            return np.ones(len(history.codes))
        fading = np.exp2(-np.maximum(history.age_days, 0.0) / self.recipe.half_life_days)
        result: Floats = np.sqrt(history.times * fading)
        return result


def best(scores: Floats, count: int) -> Codes:
    """Places of the best scores, best first, equal ones in their own order; minus infinity never.

    Examples
    --------
    >>> best(np.array([0.5, 2.0, 2.0, -np.inf]), 9).tolist()
    [1, 2, 0]
    """
    usable = np.flatnonzero(scores > -np.inf)
    if len(usable) > 4 * count:
        edge = np.partition(scores[usable], len(usable) - count)[len(usable) - count]
        usable = usable[scores[usable] >= edge]
    return usable[np.argsort(-scores[usable], kind="stable")][:count]
