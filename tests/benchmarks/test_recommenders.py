"""The comparison with another package: nobody is told what is to be foretold, settings come from the first parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.recommenders import OURS, Part, by_fold, by_time, chosen, is_behind, marked, ours
from scoring import Floats
from scoring.ranker import Recipe
from training.purchases import Purchases
from training.trials import DAY


def _liked(customers: int = 60) -> Purchases:
    random = np.random.default_rng(2)
    count = customers * 12
    who, what = random.integers(0, customers, count), random.integers(0, 25, count)
    pairs = np.unique(np.stack([who, what], axis=1), axis=0)
    random.shuffle(pairs)
    at = np.sort(random.integers(0, 18 * 365, len(pairs))) * DAY + 946_684_800_000_000  # from 2000 on
    return Purchases(pairs[:, 0], pairs[:, 1], at, at, np.full(len(pairs), 2**63 - 1))


def test_whole_customers_are_held_back_and_each_is_asked_for_the_last_fifth() -> None:
    every = _liked()
    parts = list(by_fold(every))
    assert len(parts) == 5
    for fold, part in enumerate(parts):
        assert set(part.customers % 5) == {fold}
        assert not set(part.basket.customers) & set(part.customers)
        for customer, history, wanted in zip(part.customers, part.histories, part.wanted, strict=True):
            assert not wanted[history.codes].any()
            assert len(history.codes) + wanted.sum() == (every.customer == customer).sum()


def test_nothing_of_the_year_to_come_is_known() -> None:
    every = _liked()
    for part in by_time(every):
        for customer, history, wanted in zip(part.customers, part.histories, part.wanted, strict=True):
            assert history.age_days.min() > 0
            assert not wanted[history.codes].any()
            assert wanted.sum() <= (every.customer == customer).sum() - len(history.codes)


def test_seen_items_are_never_named() -> None:
    part = next(by_fold(_liked()))
    perfect = np.where(part.wanted, 1.0, 0.0)
    for row, history in enumerate(part.histories):
        perfect[row, history.codes] = 2.0
    assert (marked(part, perfect) == 1.0).all()
    [marks] = ours([part], Recipe("ease", "never", regularisation=50.0))
    assert ((marks >= 0) & (marks <= 1)).all()


def test_the_settings_are_the_best_of_the_first_parts() -> None:
    parts = list(by_fold(_liked()))

    def marks(asked: Sequence[Part], recipe: Recipe) -> list[Floats]:
        liked = 100.0 if asked[0] is parts[0] else 800.0  # the later parts like another setting
        return [np.array([float(recipe.regularisation == liked)]) for _ in asked]

    found, best = chosen(marks, OURS["EASE"], parts, 1)
    assert best.regularisation == 100.0
    assert found.tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("value", "low", "customers", "behind"),
    [
        (0.001, -0.005, 480, False),
        (-0.001, -0.005, 480, True),
        (0.001, -0.011, 480, True),
        (0.001, -0.011, 68, False),
        (-0.001, -0.011, 68, True),
    ],
)
def test_a_gain_below_nothing_is_behind_and_so_is_one_that_may_be_far_below(
    value: float, low: float, customers: int, behind: bool
) -> None:
    row = {"metric": "gain", "value": value, "low": low, "customers": customers}
    assert is_behind(row) == behind
    assert not is_behind(row | {"metric": "ndcg_10"})
