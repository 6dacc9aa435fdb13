"""Learning what belongs together: counts, item-kNN and EASE, from purchases before a moment.

EASE: Steck, "Embarrassingly shallow autoencoders for sparse data", 2019: the item-item matrix that reproduces every
customer's purchases best without an item speaking for itself, in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from scoring import Floats
from scoring.items import Ids, Items, Neighbours
from training.purchases import Purchases

MOST_ITEMS = 8_000  # EASE inverts a dense matrix over the items; beyond, the most popular ones
NEIGHBOURS = 100
DAY = 86_400_000_000


@dataclass(frozen=True)
class Basket:
    """Purchases of customers by item, each pair once.

    Attributes
    ----------
    items : Items
    customers : ndarray of int64
        Customer ids, rising.
    bought : sparse matrix, shape (customers, items)
        One where a customer bought an item.
    together : ndarray, shape (items, items)
        How many customers bought both.
    """

    items: Items
    customers: Ids
    bought: Any
    together: Floats


def gather(purchases: Purchases, at: int, *, recent_days: int) -> Basket:
    """Purchases before `at`, by customer and item.

    Parameters
    ----------
    purchases : Purchases
        As seen at `at`.
    at : int
        Moment in µs.
    recent_days : int
        Length of the window of recent popularity, which ends at `at`.

    Returns
    -------
    Basket
        Popularity counts customers and moments: a line repeated within one order counts once. Of more than
        `MOST_ITEMS` items the most popular are kept.

    Examples
    --------
    >>> one = np.array([1, 1, 2])
    >>> never = np.full(3, 2**63 - 1)
    >>> basket = gather(Purchases(one, np.array([7, 8, 8]), one, one, never), 10, recent_days=1)
    >>> basket.items.popularity.tolist(), basket.together.tolist()
    ([1.0, 2.0], [[1.0, 1.0], [1.0, 2.0]])
    """
    once = _distinct(purchases)
    ids, place, counts = np.unique(once.product, return_inverse=True, return_counts=True)
    if len(ids) > MOST_ITEMS:
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_ITEMS])
        once = once.take(np.isin(once.product, ids[kept]))
        ids, place, counts = np.unique(once.product, return_inverse=True, return_counts=True)
    recent = np.bincount(place[once.occurred_at >= at - recent_days * DAY], minlength=len(ids))
    items = Items.plain(ids, counts.astype(np.float64), recent.astype(np.float64))
    customers, row = np.unique(once.customer, return_inverse=True)
    shape = (len(customers), len(ids))
    bought = scipy.sparse.csr_matrix((np.ones(len(place)), (row, place)), shape=shape)
    bought.data[:] = 1.0  # equal places were added up
    return Basket(items, customers, bought, np.asarray((bought.T @ bought).todense()))


def knn(basket: Basket) -> Neighbours:
    """Cosine of the items' customers.

    Examples
    --------
    >>> one = np.array([1, 1, 2])
    >>> purchases = Purchases(one, np.array([7, 8, 8]), one, one, np.full(3, 2**63 - 1))
    >>> knn(gather(purchases, 10, recent_days=1)).weight.round(3).tolist()
    [0.7070000171661377, 0.7070000171661377]
    """
    size = np.sqrt(np.maximum(np.diag(basket.together), 1.0))
    cosine = basket.together / size[:, None] / size[None, :]
    np.fill_diagonal(cosine, 0.0)
    return Neighbours.of(cosine, most=NEIGHBOURS)


def ease(basket: Basket, regularisation: float) -> Neighbours:
    """EASE's exact weights, of which each item keeps its strongest `NEIGHBOURS`.

    Examples
    --------
    >>> one = np.array([1, 1, 2, 3, 3])
    >>> purchases = Purchases(one, np.array([7, 8, 8, 7, 8]), one, one, np.full(5, 2**63 - 1))
    >>> bool((ease(gather(purchases, 10, recent_days=1), 1.0).weight > 0).all())
    True
    """
    matrix = basket.together.copy()
    matrix[np.diag_indices_from(matrix)] += regularisation
    inverse = np.linalg.inv(matrix)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return Neighbours.of(weights, most=NEIGHBOURS)


def _distinct(purchases: Purchases) -> Purchases:
    """Each customer, product and moment once."""
    order = np.lexsort((purchases.occurred_at, purchases.product, purchases.customer))
    rows = purchases.take(order)
    if not len(rows):
        return rows
    same = (np.diff(rows.customer) == 0) & (np.diff(rows.product) == 0) & (np.diff(rows.occurred_at) == 0)
    return rows.take(np.concatenate([[True], ~same]))
