"""A recommendation's past replayed: lists made of nothing but what was known then, beside what was bought."""

from __future__ import annotations

import pytest

from crm.clock import DAY
from scoring.ranker import Recipe
from tests.training.company.workspace import Company
from training import ListBacktest, TrainingError
from training.recommender_backtest import FIGURES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(company: Company) -> ListBacktest:
    return company.training.backtest_lists("recommendation", cutoffs=2)


def test_what_was_planted_is_met_more_than_by_personal_frequency(found: ListBacktest) -> None:
    assert [item.as_of for item in found.replays] == sorted(item.as_of for item in found.replays)
    assert found.replays[1].as_of - found.replays[0].as_of == 30 * DAY
    for name in FIGURES:
        gain = found.gain[name]
        assert gain.low is not None
        assert gain.low > 0, name
        assert gain.value == pytest.approx(found.lists[name].value - found.naive[name].value)


def test_a_list_meets_no_more_than_was_bought(found: ListBacktest) -> None:
    for item in found.replays:
        assert 0 < item.naive["sales"].value < item.lists["sales"].value < item.bought
        assert item.lists["ndcg_10"].value < item.lists["hit_10"].value <= 1


def test_all_is_the_mean_over_the_customers_of_every_cutoff(found: ListBacktest) -> None:
    counts = [item.customers for item in found.replays]
    for name in ("hit_10", "ndcg_10", "sales"):
        parts = [item.lists[name].value * count for item, count in zip(found.replays, counts, strict=True)]
        assert found.lists[name].value == pytest.approx(sum(parts) / sum(counts))


def test_later_records_change_nothing(company: Company, found: ListBacktest) -> None:
    earlier = company.training.backtest_lists(
        "recommendation", cutoffs=1, as_of=company.files.complete_until - 30 * DAY
    )
    assert earlier.replays[0] == found.replays[0]


def test_the_last_cutoff_is_the_one_that_a_training_is_judged_on(company: Company, found: ListBacktest) -> None:
    candidate = company.training.train("recommendation")
    for name in ("ndcg_10", "ndcg_10_new"):
        assert found.replays[-1].lists[name].value == pytest.approx(candidate.metrics[name].value)


def test_what_has_no_past_is_a_sentence(company: Company) -> None:
    with pytest.raises(
        TrainingError, match=r"past of 'recommendation' cannot be replayed \(less than 90 days of purch"
    ):
        company.training.backtest_lists("recommendation", as_of=company.files.complete_until - 680 * DAY)
    with pytest.raises(TrainingError, match=r"past of 'recommendation' cannot be replayed \(its records hold no purch"):
        company.training.backtest_lists("recommendation", as_of=company.files.complete_until - 9_000 * DAY)
    with pytest.raises(TrainingError, match=r"past of 'churn' cannot be replayed \(it recommends nothing\)"):
        company.training.backtest_lists("churn")
    with pytest.raises(TrainingError, match="there is no model 'chrun'"):
        company.training.backtest_lists("chrun")


def test_two_recipes_meet_the_same_customers_and_the_better_one_is_told(company: Company) -> None:
    better, worse = Recipe("recent", "first"), Recipe("popularity", "never")
    there = company.training.compare_lists("recommendation", (better, worse))
    back = company.training.compare_lists("recommendation", (worse, better))
    assert (there.as_of - there.at, list(there.recipes)) == (30 * DAY, [better.words, worse.words])
    assert (there.first, there.second) == (back.second, back.first)
    gain, loss = there.difference["ndcg_10"], back.difference["ndcg_10"]
    assert gain.low is not None
    assert gain.low > 0
    assert gain.value == pytest.approx(there.first["ndcg_10"].value - there.second["ndcg_10"].value)
    assert loss.value == pytest.approx(-gain.value)
    assert loss.high == pytest.approx(-gain.low)


def test_recipes_are_compared_as_of_the_past_as_they_were_then(company: Company, found: ListBacktest) -> None:
    personal = Recipe("recent", "first")
    earlier = company.files.complete_until - 30 * DAY
    told = company.training.compare_lists("recommendation", (personal, personal), as_of=earlier)
    assert (told.at, told.customers) == (found.replays[0].as_of, found.replays[0].customers)
    assert told.first == told.second == found.replays[0].naive


def test_versions_without_a_past_are_a_sentence(company: Company) -> None:
    recipes = (Recipe("recent", "first"), Recipe("popularity", "mixed"))
    for days, why in ((680, "less than 90 days of purchases"), (9_000, "its records hold no purchase")):
        with pytest.raises(TrainingError, match=f"'recommendation' cannot be compared [(]{why}[^)]*[)]; purchases"):
            company.training.compare_lists("recommendation", recipes, as_of=company.files.complete_until - days * DAY)
