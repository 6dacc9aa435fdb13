"""What lists would have met in purchases, worked out by hand."""

from __future__ import annotations

import numpy as np

from crm.clock import DAY
from scoring.ranker import Recipe
from training.purchases import Purchases
from training.recommender_backtest import amounts_of
from training.trials import cut, judge

NEVER = 2**63 - 1


def _purchases() -> Purchases:
    customer = np.array([1, 2, 1, 1, 1, 2, 2])
    product = np.array([7, 8, 7, 7, 9, 8, 7])
    at = np.array([0, 1, 10, 12, 12, 13, 45]) * DAY
    amount = np.array([1.0, 1.0, 20.0, 5.0, 99.0, np.nan, 50.0])
    return Purchases(customer, product, at, at, np.full(7, NEVER), amount=amount)


def test_amounts_are_added_up_by_customer_and_known_item_within_the_horizon() -> None:
    every = _purchases()
    part = cut(every, 5 * DAY, horizon_days=30, as_of=35 * DAY, most=10, seed=1)
    assert part.customers.tolist() == [1, 2]
    # 9 was not known, what cost nobody knows what counts nothing, and day 45 is too late
    assert amounts_of(every, part, 35 * DAY).toarray().tolist() == [[25.0, 0.0], [0.0, 0.0]]


def test_the_first_items_of_every_list_are_kept() -> None:
    part = cut(_purchases(), 5 * DAY, horizon_days=30, as_of=35 * DAY, most=10, seed=1)
    found = judge(part, Recipe("recent", "first"))
    assert part.basket.items.ids[found.listed].tolist() == [[7, 8], [8, 7]]
    assert found.ndcg.tolist() == [1.0, 1.0]


def test_the_amount_changes_no_hash_since_nothing_is_learned_from_it() -> None:
    every = _purchases()
    other = Purchases(every.customer, every.product, every.occurred_at, every.known_at, every.gone_at)
    assert every.sha256() == other.sha256()
