"""Judging recipes of recommendation at a past moment: everybody who bought afterwards, every item that was known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse

from scoring import Floats
from scoring.factors import Factors
from scoring.items import Ids, Neighbours
from scoring.ranker import Bonds, History, Ranker, Recipe
from scoring.states import States
from training.ials import Shape, ials
from training.popular_states import popular_states
from training.purchases import Purchases
from training.ranking_metrics import Flags, Ranks, ndcg, recall, top
from training.recommenders import NEIGHBOURS, Basket, ease, gather, in_one_order, knn

DAY = 86_400_000_000
DEPTH = 20
LISTED = 10  # items of the lists that are kept
CELLS = 2_000_000  # scores held at once


@dataclass(frozen=True)
class Slice:
    """A past moment with what had happened before it, and what its customers bought afterwards.

    Attributes
    ----------
    at : int
        The moment (µs).
    basket : Basket
    customers : ndarray of int64
        Those with a purchase before the moment and one of a known item afterwards.
    histories : sequence of History
    bought : sparse matrix of bool, shape (customers, items)
        What they bought within the horizon.
    returned : float
        Share of all customers with a purchase before the moment who bought a known item within the horizon.
    """

    at: int
    basket: Basket
    customers: Ids
    histories: Sequence[History]
    bought: scipy.sparse.csr_matrix
    returned: float
    _bonds: dict[Recipe, Bonds] = field(default_factory=dict, repr=False)

    def ranker(self, recipe: Recipe) -> Ranker:
        """The recipe, taught on what had happened before the moment."""
        taught = replace(recipe, repeat="mixed", recent_weight=0.0, half_life_days=None, rerank=False)
        if taught not in self._bonds:
            self._bonds[taught] = bonds(self.basket, recipe)
        return Ranker(self.basket.items, self._bonds[taught], recipe)


@dataclass(frozen=True)
class Marks:
    """How good a recipe is, customer by customer; NaN in `fresh` where nothing new was bought.

    Attributes
    ----------
    ndcg, recall : ndarray of float64
        NDCG@10 and recall@20 over all items.
    fresh : ndarray of float64
        NDCG@10 over the items that the customer had not bought before.
    listed : ndarray of intp, shape (customers, at most `LISTED`)
        The first items of each list.
    best : ndarray of float64
        Score of the first item of each list.
    """

    ndcg: Floats
    recall: Floats
    fresh: Floats
    listed: Ranks = field(default_factory=lambda: np.empty((0, 0), dtype=np.intp), repr=False)
    best: Floats = field(default_factory=lambda: np.empty(0), repr=False)

    def means(self) -> dict[str, float]:
        """``ndcg_10``, ``recall_20`` and ``ndcg_10_new``."""
        known = self.fresh[~np.isnan(self.fresh)]
        return {
            "ndcg_10": float(self.ndcg.mean()),
            "recall_20": float(self.recall.mean()),
            "ndcg_10_new": float(known.mean()) if len(known) else 0.0,
        }


def bonds(basket: Basket, recipe: Recipe) -> Bonds:
    """What the source of a recipe is taught by a basket."""
    if recipe.explore == "states":
        return popular_states(basket)
    if recipe.explore == "orders":
        return in_one_order(basket)
    if recipe.explore == "knn":
        return knn(basket)
    if recipe.explore == "ease" and recipe.regularisation is not None:
        return ease(basket, recipe.regularisation, recipe.neighbours or NEIGHBOURS)
    if recipe.explore == "ials" and recipe.regularisation is not None:
        return ials(basket.bought, recipe.regularisation, _shape(recipe))
    return Neighbours.none(len(basket.items))


def _shape(recipe: Recipe) -> Shape:
    told = {name: getattr(recipe, name) for name in ("dimensions", "confidence", "rounds")}
    return Shape(**{name: value for name, value in told.items() if value is not None})


def cut(purchases: Purchases, at: int, *, horizon_days: int, as_of: int, most: int, seed: int) -> Slice:
    """The slice at a moment; of more than `most` customers a random choice is judged.

    Parameters
    ----------
    purchases : Purchases
    at : int
        The moment (µs). Only what was known strictly before it is learned from.
    horizon_days : int
        Purchases of so many days from the moment on count as wanted, as known at `as_of`.
    as_of : int
        Moment up to which the outcome is known.
    most, seed : int
    """
    before = purchases.seen_at(at)
    after = purchases.between(at, at + horizon_days * DAY, as_of=as_of)
    basket = gather(before, at, recent_days=horizon_days)
    after = after.take((basket.items.codes(after.product) >= 0) & np.isin(after.customer, basket.customers))
    customers = np.unique(after.customer)
    returned = len(customers) / max(len(basket.customers), 1)
    if len(customers) > most:
        customers = np.sort(np.random.default_rng(seed).choice(customers, most, replace=False))
        after = after.take(np.isin(after.customer, customers))
    rows, columns = np.searchsorted(customers, after.customer), basket.items.codes(after.product)
    shape = (len(customers), len(basket.items))
    bought = scipy.sparse.csr_matrix((np.ones(len(rows), dtype=bool), (rows, columns)), shape=shape)
    return Slice(at, basket, customers, _histories(before, basket, customers, at), bought, returned)


def histories(purchases: Purchases, basket: Basket, at: int, most: int) -> list[History]:
    """Histories of at most `most` customers of a basket, spread over all of them, as of a moment."""
    count = len(basket.customers)
    chosen = np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.intp))
    return _histories(purchases, basket, basket.customers[chosen], at)


def judge(part: Slice, recipe: Recipe) -> Marks:
    """Rank for every customer of a slice, and compare with what was bought.

    Examples
    --------
    >>> one = np.array([1, 1, 2, 1])
    >>> moments = np.array([0, 1, 1, 5]) * DAY
    >>> purchases = Purchases(one, np.array([7, 8, 8, 8]), moments, moments, np.full(4, 2**63 - 1))
    >>> part = cut(purchases, 3 * DAY, horizon_days=5, as_of=9 * DAY, most=10, seed=1)
    >>> judge(part, Recipe("popularity", "mixed")).means()["ndcg_10"]
    1.0
    """
    return marks(part, scored(part, part.ranker(recipe)))


def marks(part: Slice, blocks: Iterable[tuple[int, Floats, Flags]]) -> Marks:
    """Compare scores, as `scored` gives them, with what was bought; they are written over."""
    found, listed, best = [np.empty((3, 0))], [], [np.empty(0)]
    for first, scores, known in blocks:
        wanted: Flags = part.bought[first : first + len(scores)].toarray()
        ranked = top(scores, DEPTH)
        listed.append(ranked[:, :LISTED])
        best.append(scores.max(axis=1, initial=-1.0))
        scores[known] = -np.inf
        fresh = ndcg(top(scores, DEPTH), wanted & ~known)
        found.append(np.stack([ndcg(ranked, wanted), recall(ranked, wanted), fresh]))
    every, within, fresh = np.concatenate(found, axis=1)
    kept = {"listed": np.concatenate(listed)} if listed else {}
    return Marks(every, within, fresh, best=np.concatenate(best), **kept)


def scored(part: Slice, ranker: Ranker) -> Iterator[tuple[int, Floats, Flags]]:
    """Scores of all items block by block of customers, as `Ranker.scores` gives them up to rounding.

    Yields
    ------
    first : int
        Place of the block's first customer.
    scores : ndarray, shape (customers of the block, items)
    known : ndarray of bool
        What each customer had bought before.
    """
    count = len(ranker.items)
    speak = _speaker(ranker)
    size = max(1, CELLS // max(count, 1))
    for first in range(0, len(part.histories), size):
        block = part.histories[first : first + size]
        row = np.repeat(np.arange(len(block)), [len(history.codes) for history in block])
        code = np.concatenate([history.codes for history in block])
        scores = ranker.shaped(speak(block))
        known = np.zeros(scores.shape, dtype=bool)
        known[row, code] = True
        if ranker.recipe.repeat == "first":
            scores[row, code] = np.concatenate([ranker.again(history) for history in block])
        elif ranker.recipe.repeat == "never":
            scores[known] = -np.inf
        yield first, scores, known


def _speaker(ranker: Ranker) -> Callable[[Sequence[History]], Floats]:
    """What a block of histories says for all items, shape (histories, items)."""
    count, bonds = len(ranker.items), ranker.bonds
    if isinstance(bonds, States):
        return bonds.heard
    if isinstance(bonds, Factors):
        return lambda block: (
            np.stack([bonds.said(history.codes, ranker.voices(history)).customer for history in block])
            @ bonds.vectors.T
        )
    speaks = scipy.sparse.csr_matrix((bonds.weight.astype(np.float64), bonds.item, bonds.start), shape=(count, count))

    def speak(block: Sequence[History]) -> Floats:
        start = np.cumsum([0, *(len(history.codes) for history in block)])
        code = np.concatenate([history.codes for history in block])
        voices = np.concatenate([ranker.voices(history) for history in block])
        heard: Floats = (scipy.sparse.csr_matrix((voices, code, start), shape=(len(block), count)) @ speaks).toarray()
        return heard

    return speak


def _histories(purchases: Purchases, basket: Basket, customers: Ids, at: int) -> list[History]:
    products = _split(purchases.customer, purchases.product, customers)
    moments = _split(purchases.customer, purchases.occurred_at, customers)
    return [History.of(basket.items, *pair, at) for pair in zip(products, moments, strict=True)]


def _split(customer: Ids, values: Ids, customers: Ids) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(customer, kind="stable")
    begin = np.searchsorted(customer[order], customers, side="left")
    end = np.searchsorted(customer[order], customers, side="right")
    return [values[order[first:last]] for first, last in zip(begin.tolist(), end.tolist(), strict=True)]
