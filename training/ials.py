"""Learning items' factors from who bought what: implicit alternating least squares (iALS).

Hu, Koren, Volinsky: "Collaborative filtering for implicit feedback datasets", 2008. Every customer and every item gets
a few numbers, whose products are to be 1 where the customer bought the item and 0 elsewhere; what was bought counts
``1 + confidence`` times. With one side held, the other is a small linear system for each row, and what all rows say
together (the Gram matrix) is added up once for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lapack

from scoring import Floats
from scoring.factors import Factors

MOST_CUSTOMERS = 3_000  # items are taught by so many customers, spread over all; the others are solved when asked
SEED = 20_08


@dataclass(frozen=True)
class Shape:
    """How factors are learned.

    Attributes
    ----------
    dimensions : int
        Numbers for each item; fewer where there are fewer items.
    confidence : float
        How much more a purchase counts than an item that was not bought.
    rounds : int
        How often both sides are solved.
    """

    dimensions: int = 48
    confidence: float = 2.0
    rounds: int = 4


def ials(bought: Any, regularisation: float, shape: Shape | None = None) -> Factors:
    """Factors of the items.

    Parameters
    ----------
    bought : sparse matrix, shape (customers, items)
        One where a customer bought an item.
    regularisation : float
        Pull of all factors towards zero, above zero.
    shape : Shape, optional

    Returns
    -------
    Factors
        The same for the same purchases, on any number of cores.

    Examples
    --------
    >>> import scipy.sparse
    >>> bought = scipy.sparse.csr_matrix(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0]]))
    >>> factors = ials(bought, 0.1, Shape(dimensions=2))
    >>> np.argsort(-factors.said(np.array([3]), np.ones(1)).heard(4))[:2].tolist()
    [2, 3]
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn, untyped

    shape = shape or Shape()
    by_customer = _spread(bought.tocsr(), MOST_CUSTOMERS)
    by_item = by_customer.T.tocsr()
    dimensions = min(shape.dimensions, bought.shape[1])
    items = np.random.default_rng(SEED).standard_normal((bought.shape[1], dimensions)) / np.sqrt(dimensions)
    with threadpool_limits(1):  # one order of addition, so that the same data give the same bytes
        for _ in range(shape.rounds):
            customers = solve(by_customer, items, shape.confidence, regularisation)
            items = solve(by_item, customers, shape.confidence, regularisation)
    return Factors(items, shape.confidence, regularisation)


def solve(bought: Any, others: Floats, confidence: float, regularisation: float) -> Floats:
    """The factors of one side that fit best, with the other side held.

    Parameters
    ----------
    bought : sparse matrix of ones in rows, shape (rows, n)
    others : ndarray of float64, shape (n, dimensions)
        Factors of the side that is held.
    confidence, regularisation : float

    Returns
    -------
    ndarray of float64, shape (rows, dimensions)
        Zero for a row that bought nothing.

    Examples
    --------
    >>> import scipy.sparse
    >>> solve(scipy.sparse.csr_matrix(np.array([[1.0], [0.0]])), np.array([[2.0]]), 1.0, 2.0).tolist()
    [[0.4], [0.0]]
    """
    ground = others.T @ others + regularisation * np.eye(others.shape[1])
    result = np.zeros((bought.shape[0], others.shape[1]))
    for row, (first, last) in enumerate(zip(bought.indptr[:-1].tolist(), bought.indptr[1:].tolist(), strict=True)):
        own = others[bought.indices[first:last]]
        whole = ground + confidence * (own.T @ own)
        result[row] = lapack.dposv(whole, (1.0 + confidence) * own.sum(axis=0), lower=True)[1]
    return result


def _spread(bought: Any, most: int) -> Any:
    """At most so many rows, spread evenly over all of them."""
    count = bought.shape[0]
    return bought if count <= most else bought[np.linspace(0, count - 1, most).astype(np.intp)]
