"""Learning what belongs together: counts, one order, item-kNN and EASE, from purchases before a moment.

EASE: Steck, "Embarrassingly shallow autoencoders for sparse data", 2019: the item-item matrix that reproduces every
customer's purchases best without an item speaking for itself, in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from scipy.linalg import lapack

from scoring import Floats
from scoring.items import Ids, Items, Neighbours
from scoring.traits import Traits
from training.purchases import Purchases

MOST_ITEMS = 8_000  # EASE inverts a dense matrix over the items; beyond, the most popular ones
NEIGHBOURS = 100
EDGE = 1e-9  # by which the most bought of equal neighbours is kept: rare items have more equals than they may keep
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
    orders : sparse matrix, shape (moments of customers, items)
        One where a customer bought an item at a moment; by customer, and in time within each.
    visitor : ndarray of intp
        Whose moment each is: place of the customer.
    moment : ndarray of int64
        The moments (µs).
    traits : Traits
        What else is known of the items.
    """

    items: Items
    customers: Ids
    bought: Any
    orders: Any
    visitor: Ids
    moment: Ids
    traits: Traits

    @property
    def together(self) -> Floats:
        """How many customers bought both items, shape (items, items): dense, so made when asked for and not kept."""
        return _together(self.bought)


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
    by_visit = np.lexsort((once.occurred_at, once.customer))
    is_first = _is_new(once.customer[by_visit], once.occurred_at[by_visit])
    visit = np.cumsum(is_first) - 1
    shape = (int(visit.max(initial=-1)) + 1, len(ids))
    orders = scipy.sparse.csr_matrix((np.ones(len(place)), (visit, place[by_visit])), shape=shape)
    first = by_visit[is_first]
    return Basket(
        items, customers, bought, orders, row[first], once.occurred_at[first], _traits(once, place, at, bought)
    )


def knn(basket: Basket) -> Neighbours:
    """Cosine of the items' customers.

    Examples
    --------
    >>> one = np.array([1, 1, 2])
    >>> purchases = Purchases(one, np.array([7, 8, 8]), one, one, np.full(3, 2**63 - 1))
    >>> knn(gather(purchases, 10, recent_days=1)).weight.round(3).tolist()
    [0.7070000171661377, 0.7070000171661377]
    """
    return _cosine(basket.together)


def in_one_order(basket: Basket) -> Neighbours:
    """Cosine of the items' orders: what is bought at the same moment.

    Examples
    --------
    >>> one, moment = np.array([1, 1, 1]), np.array([0, 0, 5])
    >>> purchases = Purchases(one, np.array([7, 8, 9]), moment, moment, np.full(3, 2**63 - 1))
    >>> in_one_order(gather(purchases, 10, recent_days=1)).item.tolist()
    [1, 0]
    """
    return _cosine(_together(basket.orders))


def _cosine(together: Floats) -> Neighbours:
    count = np.maximum(np.diag(together), 1.0)
    size = np.sqrt(count)
    cosine = together / size[:, None] / size[None, :]
    cosine *= 1.0 + EDGE * count[None, :] / count.max(initial=1.0)
    np.fill_diagonal(cosine, 0.0)
    return Neighbours.of(cosine, most=NEIGHBOURS)


def _together(bought: Any) -> Floats:
    return np.asarray((bought.T @ bought).todense())


def ease(basket: Basket, regularisation: float, neighbours: int = NEIGHBOURS) -> Neighbours:
    """EASE's exact weights, of which each item keeps its strongest `neighbours`.

    Examples
    --------
    >>> one = np.array([1, 1, 2, 3, 3])
    >>> purchases = Purchases(one, np.array([7, 8, 8, 7, 8]), one, one, np.full(5, 2**63 - 1))
    >>> bool((ease(gather(purchases, 10, recent_days=1), 1.0).weight > 0).all())
    True
    """
    weights = _precision(basket, regularisation)
    weights /= -np.diag(weights).copy()[None, :]
    np.fill_diagonal(weights, 0.0)
    return Neighbours.of(weights, most=neighbours)


def _precision(basket: Basket, regularisation: float) -> Floats:
    """Inverse of what is bought together, with the regularisation on its diagonal, shape (items, items).

    Of fewer customers than items the customers' matrix is inverted, which comes to the same (Woodbury).
    """
    bought = basket.bought
    is_narrow = bought.shape[0] < bought.shape[1]
    matrix = _together(bought.T) if is_narrow else _together(bought)
    matrix[np.diag_indices_from(matrix)] += regularisation
    inverse = _inverse(matrix)
    if not is_narrow:
        return inverse
    result: Floats = (bought.T @ (bought.T @ inverse).T) / -regularisation
    result[np.diag_indices_from(result)] += 1.0 / regularisation
    return result


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a symmetric matrix whose eigenvalues are above zero: half the work of a general one."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn, untyped

    with threadpool_limits(1):  # threads that wait for each other cost more than they help, on a busy machine most
        lower, _ = lapack.dpotrf(matrix, lower=True)
        inverse, _ = lapack.dpotri(lower, lower=True)
    result: Floats = np.tril(inverse) + np.tril(inverse, -1).T
    return result


def _traits(once: Purchases, place: Ids, at: int, bought: Any) -> Traits:
    """What is known of the items beside who bought them, from distinct purchases before `at`."""
    count = bought.shape[1]
    age = (at - once.occurred_at) / DAY

    def within(days: int) -> Floats:
        return np.bincount(place[age <= days], minlength=count).astype(np.float64)

    first, last = np.zeros(count), np.full(count, np.inf)
    np.maximum.at(first, place, age)
    np.minimum.at(last, place, age)
    priced = ~np.isnan(once.price)
    with np.errstate(invalid="ignore"):
        price = np.bincount(place[priced], once.price[priced], count) / np.bincount(place[priced], minlength=count)
    category = np.full(count, -1, dtype=np.int64)
    told = np.flatnonzero(once.category >= 0)
    told = told[np.argsort(once.occurred_at[told], kind="stable")]
    category[place[told]] = once.category[told]  # of several the last
    buyers = np.bincount(bought.indices, minlength=count).astype(np.float64)
    return Traits(within(7), within(14), within(30), within(90), buyers, first, last, price, category)


def _is_new(*columns: Ids) -> npt.NDArray[np.bool_]:
    """Where sorted rows differ from the row before."""
    new = np.ones(len(columns[0]), dtype=bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return new


def _distinct(purchases: Purchases) -> Purchases:
    """Each customer, product and moment once."""
    order = np.lexsort((purchases.occurred_at, purchases.product, purchases.customer))
    rows = purchases.take(order)
    return rows.take(_is_new(rows.customer, rows.product, rows.occurred_at))
