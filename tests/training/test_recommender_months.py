"""Several months of a recipe: each taught on its own past, and what moves is told."""

from __future__ import annotations

import numpy as np
import pytest

from scoring import Metric
from scoring.ranker import Recipe
from training.purchases import Purchases
from training.recipes import BEST_SELLERS, PERSONAL
from training.recommender_months import Month, drift, lost, months, stability, table
from training.recommending import Past
from training.trials import DAY

NEVER = 2**63 - 1
DAYS = 200
OWN = Recipe("recent", "first")


def _purchases(*, quiet_from: int = DAYS) -> Purchases:
    """Everybody buys their own three of forty products every ten days; from a day on four of five come no more."""
    random = np.random.default_rng(5)
    customer = np.repeat(np.arange(300), DAYS // 10)
    day = np.tile(np.arange(0, DAYS, 10), 300) + customer % 10
    product = (customer * 7 + random.integers(0, 3, len(customer))) % 40
    kept = (day < quiet_from) | (customer % 5 == 0)
    at = day[kept] * DAY
    return Purchases(customer[kept], product[kept], at, at, np.full(len(at), NEVER))


@pytest.fixture(scope="module")
def past() -> Past:
    return Past(_purchases(), DAYS * DAY, seed=1)


@pytest.fixture(scope="module")
def found(past: Past) -> list[Month]:
    return months(past, OWN, BEST_SELLERS, past.judged(OWN))


def test_three_months_are_told_oldest_first(past: Past, found: list[Month]) -> None:
    assert [month.at for month in found] == [(DAYS - 30 * number) * DAY for number in (3, 2, 1)]
    assert found[-1].ndcg == past.judged(OWN).means()["ndcg_10"]
    assert all(month.gain.low is not None and month.gain.low > 0 for month in found)
    assert [month.returned for month in found] == [1.0] * 3
    told = table(found)
    assert list(told) == sorted(told)
    assert all(item["customers"] == 300 for item in told.values())


def test_an_earlier_month_knows_nothing_of_the_later_ones(past: Past, found: list[Month]) -> None:
    until = past.slices[1].at
    again = Past(past.every.take(past.every.occurred_at < until), until, seed=1)
    assert again.slices[0].at == found[0].at
    marks = again.judged(OWN)
    assert np.array_equal(marks.best, found[0].best)
    assert float(marks.ndcg.mean()) == found[0].ndcg


def test_the_best_score_is_that_of_the_first_item(past: Past) -> None:
    part, marks = past.slices[0], past.judged(OWN)
    ranker = part.ranker(OWN)
    for row in range(0, len(part.customers), 37):
        scores = ranker.scores(part.histories[row])
        assert scores[marks.listed[row, 0]] == pytest.approx(marks.best[row])


def test_customers_who_stay_away_are_drift() -> None:
    fewer = Past(_purchases(quiet_from=DAYS - 30), DAYS * DAY, seed=1)
    found = months(fewer, OWN, PERSONAL, fewer.judged(OWN))
    assert [month.returned for month in found] == [1.0, 1.0, 0.2]
    assert drift(found).endswith("bought again 100.0% \u2192 20.0% of customers")


def _month(value: float, low: float, high: float, best: float = 0.0) -> Month:
    return Month(DAY, 0.3, Metric(value, low, high), np.random.default_rng(1).standard_normal(500) + best, 0.5)


def test_scores_that_move_raise_the_index() -> None:
    steady, away = _month(0.02, 0.01, 0.03), _month(0.02, 0.01, 0.03, 2.0)
    indices = [float(drift([steady, last]).split("scores ")[1].split(" ")[0]) for last in (steady, away)]
    assert indices[0] == 0.0
    assert indices[1] > 0.5


def test_gains_within_chance_do_not_spread_and_others_do() -> None:
    near = [_month(value, value - 0.02, value + 0.02) for value in (0.02, 0.025, 0.022)]
    apart = [_month(value, value - 0.01, value + 0.01) for value in (0.02, 0.2, 0.1)]
    assert "spreads by 0.000" in stability(near, PERSONAL)
    assert "spreads by 0.090" in stability(apart, PERSONAL)


def test_only_an_earlier_month_that_is_proven_worse_is_lost() -> None:
    good, doubtful, worse = _month(0.02, 0.01, 0.03), _month(-0.01, -0.03, 0.01), _month(-0.05, -0.07, -0.03)
    assert not lost([good, doubtful, good], PERSONAL)
    assert not lost([good, good, worse], PERSONAL)  # the last is what the grade itself is about
    assert lost([worse, good, good], PERSONAL) == f"worse than {PERSONAL} in the 30 days from 1970-01-02"
