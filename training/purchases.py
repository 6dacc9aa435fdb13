"""Who bought what when, as arrays, and what was known of it at a moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from features.store import FeatureStore
from scoring import Floats
from scoring.items import Ids
from scoring.recommendation import LOG


@dataclass(frozen=True)
class Purchases:
    """Purchases of products by customers.

    Attributes
    ----------
    customer, product : ndarray of int64, shape (n,)
    occurred_at, known_at : ndarray of int64, shape (n,)
        When it happened, and when the company knew (µs).
    gone_at : ndarray of int64, shape (n,)
        When a later version of the row was known, or the greatest int64.
    price : ndarray of float64, shape (n,)
        Price of a piece; NaN where it is not told (and for all where none is given).
    category : ndarray of int64, shape (n,)
        Number of the category at the sale; -1 where it is not told (and for all where none is given).
    amount : ndarray of float64, shape (n,)
        What was paid for the line, in the order's currency; NaN where it is not told (and for all where none is given).
        Lists are judged by it; nothing is learned from it.
    """

    customer: Ids
    product: Ids
    occurred_at: Ids
    known_at: Ids
    gone_at: Ids
    price: Floats = field(default_factory=lambda: np.empty(0))
    category: Ids = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    amount: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if not len(self.price):
            object.__setattr__(self, "price", np.full(len(self), np.nan))
        if not len(self.category):
            object.__setattr__(self, "category", np.full(len(self), -1, dtype=np.int64))
        if not len(self.amount):
            object.__setattr__(self, "amount", np.full(len(self), np.nan))

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, which: npt.NDArray[Any]) -> Self:
        """The purchases at some places, or under a mask."""
        return type(self)(*(getattr(self, item.name)[which] for item in fields(self)))

    def sha256(self) -> str:
        """Hash of all that is learned from, whatever the order of the purchases."""
        columns = tuple(getattr(self, item.name) for item in fields(self) if item.name != "amount")
        order = np.lexsort(columns[::-1])
        total = hashlib.sha256()
        for column in columns:
            total.update(np.ascontiguousarray(column[order]).tobytes())
        return total.hexdigest()

    def seen_at(self, moment: int) -> Self:
        """What had happened and was known strictly before a moment.

        Examples
        --------
        >>> one, two = np.array([1, 1]), np.array([5, 9])
        >>> never = np.full(2, 2**63 - 1)
        >>> len(Purchases(one, one, two, two, never).seen_at(9))
        1
        """
        return self.take((self.occurred_at < moment) & (self.known_at < moment) & (self.gone_at >= moment))

    def between(self, since: int, until: int, *, as_of: int) -> Self:
        """What happened in ``[since, until)``, as known at `as_of`."""
        seen = (self.known_at < as_of) & (self.gone_at >= as_of)
        return self.take(seen & (self.occurred_at >= since) & (self.occurred_at < until))


def purchases_of(store: FeatureStore) -> Purchases:
    """Every line that a known customer bought of a known product; returns and lines without pieces are left out."""
    log = store.log(LOG)
    words = {name: log.column(name) for name in ("kind", "quantity", "product_id")}
    kept = pc.and_(pc.equal(words["kind"], "sale"), pc.greater(words["quantity"], 0.0))
    kept = pc.and_(kept, pc.greater_equal(pc.fill_null(words["product_id"], -1), 0))
    rows = log.filter(pc.fill_null(kept, False))
    names = ("customer_id", "product_id", "occurred_at", "known_at", "superseded_at")
    kinds = pc.dictionary_encode(rows.column("category").combine_chunks())
    category = pc.fill_null(kinds.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    names_in_order = np.argsort(np.argsort(np.array(kinds.dictionary.to_pylist(), dtype=object)))
    whole = {name: rows.column(name).to_numpy().astype(np.int64) for name in names}
    return Purchases(
        whole["customer_id"],
        whole["product_id"],
        whole["occurred_at"],
        whole["known_at"],
        whole["superseded_at"],
        price=rows.column("unit_price").to_numpy().astype(np.float64),
        category=np.where(category < 0, -1, np.append(names_in_order, 0)[category]),
        amount=rows.column("amount").to_numpy().astype(np.float64),
    )
