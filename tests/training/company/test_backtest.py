"""The past replayed: what a list would have earned, from nothing but what was known then."""

from __future__ import annotations

import pytest

from crm.clock import DAY
from tests.training.company.workspace import Company
from training import Backtest, TrainingError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(company: Company) -> Backtest:
    return company.training.backtest("churn", cutoffs=2)


def test_a_planted_signal_earns_more_than_the_rule(found: Backtest) -> None:
    assert len(found.replays) == 2
    assert found.gain.low is not None
    assert found.gain.low > 0
    assert found.replays[1].as_of - found.replays[0].as_of == 30 * DAY


def test_all_is_the_sum_of_the_cutoffs(found: Backtest) -> None:
    for name in ("earned", "naive", "gain"):
        whole = getattr(found, name).value
        assert whole == pytest.approx(sum(getattr(item, name).value for item in found.replays))
    assert found.gain.value == pytest.approx(found.earned.value - found.naive.value)


def test_later_records_change_nothing(company: Company, found: Backtest) -> None:
    earlier = company.training.backtest("churn", cutoffs=1, as_of=company.files.complete_until - 30 * DAY)
    assert earlier.replays[0] == found.replays[0]


def test_a_list_is_as_long_as_asked_for(company: Company) -> None:
    found = company.training.backtest("churn", cutoffs=1, size=50)
    assert found.replays[0].acted == 50
    assert -50 <= found.earned.value <= 50 * (30 * 0.1 - 1)


def test_what_has_no_past_is_a_sentence(company: Company) -> None:
    with pytest.raises(TrainingError, match=r"past of 'segmentation' cannot be replayed \(it answers no yes-or-no"):
        company.training.backtest("segmentation")
    with pytest.raises(TrainingError, match="and 180 are needed"):
        company.training.backtest("churn", as_of=company.files.complete_until - 600 * DAY)
    with pytest.raises(TrainingError, match="there is no model 'chrun'"):
        company.training.backtest("chrun")
