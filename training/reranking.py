"""Teaching the second stage of a recommendation: which candidates were bought, at moments before the judged one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from scoring import Floats
from scoring.cores import Boosted
from scoring.items import Ids
from scoring.ranker import Bonds, Ranker, Recipe
from scoring.reranking import Candidates, Flags, Reranker
from training.boosting import boost
from training.recipes import HALF_LIFE_DAYS, PULL, USUAL
from training.recommenders import Basket
from training.trials import Marks, Slice, bonds, marks, scored

SOURCES: Mapping[str, Recipe] = MappingProxyType(
    {
        "orders": Recipe("orders", "mixed"),
        "knn": Recipe("knn", "mixed"),
        "ease": Recipe("ease", "mixed", regularisation=USUAL),
        "ials": Recipe("ials", "mixed", half_life_days=HALF_LIFE_DAYS, regularisation=PULL),
        "states": Recipe("states", "mixed"),
    }
)
"""Whose candidates are ranked, beside what was bought before and what is popular, in all and in one's categories."""

LESSONS = 2  # earlier moments that are learned from
MOST_TAUGHT = 1_000  # customers of each
MOST_BESIDE = 10  # candidates that were not bought, for each that was
FEWEST_BOUGHT = 200  # candidates that were bought, below which trees would learn by heart
MANY_BOUGHT = 10_000  # from here on trees may be large
TREES: Mapping[str, Any] = MappingProxyType({"learning_rate": 0.1, "min_data_in_leaf": 100, "max_bin": 127})


@dataclass(frozen=True)
class Trees:
    """The second stage as taught: boosted trees, and their text for the artefact."""

    core: Boosted
    text: str


def candidates(basket: Basket, held: Mapping[str, Bonds]) -> Candidates:
    """The sources of candidates, taught on a basket.

    Parameters
    ----------
    basket : Basket
    held : mapping of str to Bonds
        What every source was taught, by its name.
    """
    rankers = {name: Ranker(basket.items, held[name], recipe) for name, recipe in SOURCES.items()}
    return Candidates(basket.items, basket.traits, rankers)


def of_slice(part: Slice) -> Candidates:
    """The sources of candidates, taught on what had happened before a slice's moment."""
    return candidates(part.basket, {name: part.ranker(recipe).bonds for name, recipe in SOURCES.items()})


def of_basket(basket: Basket) -> Candidates:
    """The sources of candidates, taught on a basket."""
    return candidates(basket, {name: bonds(basket, recipe) for name, recipe in SOURCES.items()})


@dataclass(frozen=True)
class Examples:
    """Candidates of a slice's customers, and which of them were bought.

    Attributes
    ----------
    matrix : ndarray of float64, shape (rows, columns)
    y : ndarray of float64, shape (rows,)
        One where it was bought.
    customer : ndarray of int64, shape (rows,)
    """

    matrix: Floats
    y: Floats
    customer: Ids


def examples(part: Slice) -> Examples:
    """The candidates of at most `MOST_TAUGHT` of a slice's customers, spread over all of them.

    Of those that were not bought at most `MOST_BESIDE` for each that was are kept: others add time, and no order.
    """
    chosen = np.unique(np.linspace(0, len(part.customers) - 1, MOST_TAUGHT).astype(np.intp))
    bought = part.bought[chosen].toarray()
    found = [
        (pairs.matrix, bought[first + pairs.row, pairs.code], part.customers[chosen][first + pairs.row])
        for first, pairs in of_slice(part).pairs([part.histories[place] for place in chosen])
    ]
    matrix, y, customer = (np.concatenate(column) for column in zip(*found, strict=True))
    beside = np.flatnonzero(~y)
    spread = np.linspace(0, len(beside) - 1, min(len(beside), MOST_BESIDE * int(y.sum()))).astype(np.intp)
    kept = np.sort(np.concatenate([np.flatnonzero(y), beside[spread]]))
    return Examples(matrix[kept], y[kept].astype(np.float64), customer[kept])


def teach(told: Sequence[Examples], *, seed: int) -> Trees | None:
    """Trees that tell the candidates that were bought from the others; None where hardly one was bought.

    Parameters
    ----------
    told : sequence of Examples
        Of earlier moments, whose outcomes were known at the moment that is to be judged.
    seed : int
    """
    bought = sum(float(item.y.sum()) for item in told)
    if bought < FEWEST_BOUGHT:
        return None
    size = {"num_leaves": 31, "rounds": 60} if bought >= MANY_BOUGHT else {"num_leaves": 15, "rounds": 40}
    matrix, y, customer = (
        np.concatenate([getattr(item, name) for item in told]) for name in ("matrix", "y", "customer")
    )
    text = boost(matrix, y, customer, seed=seed, params={**TREES, **size}).text
    return Trees(Boosted(text), text)


def judge(part: Slice, recipe: Recipe, trees: Trees) -> Marks:
    """How good a recipe is with the second stage over it, on a slice that the trees have not seen."""
    return marks(part, _lifted(part, recipe, Reranker(of_slice(part), trees.core)))


def _lifted(part: Slice, recipe: Recipe, reranker: Reranker) -> Iterator[tuple[int, Floats, Flags]]:
    """As `scored`, with the candidates above all others."""
    for first, scores, known in scored(part, part.ranker(recipe)):
        for row, (codes, values) in enumerate(reranker.lift(part.histories[first : first + len(scores)])):
            scores[row, codes] = values
        if recipe.repeat == "never":
            scores[known] = -np.inf
        yield first, scores, known
