"""Who bought what when, as arrays, and what was known of it at a moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from features.store import FeatureStore
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
    """

    customer: Ids
    product: Ids
    occurred_at: Ids
    known_at: Ids
    gone_at: Ids

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, which: npt.NDArray[Any]) -> Self:
        """The purchases at some places, or under a mask."""
        return type(self)(
            self.customer[which],
            self.product[which],
            self.occurred_at[which],
            self.known_at[which],
            self.gone_at[which],
        )

    def sha256(self) -> str:
        """Hash of all purchases, whatever their order."""
        columns = (self.customer, self.product, self.occurred_at, self.known_at, self.gone_at)
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
    return Purchases(*(rows.column(name).to_numpy().astype(np.int64) for name in names))
