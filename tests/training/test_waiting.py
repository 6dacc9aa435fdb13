"""Waits of which some were not followed to their end: what is planted is found, and leaving those out would mislead."""

from __future__ import annotations

import numpy as np
import pytest

from crm.clock import DAY
from scoring import Floats
from scoring.waiting import Timing, Waits
from training.rows import Rows
from training.waiting import MOST, Flags, Waited, evenly, policy_of, weights

HORIZON = 30


def _followed(mean: Floats, seed: int = 1) -> tuple[Floats, Flags]:
    """Exponential waits, each followed for 0 to 90 days."""
    draw = np.random.default_rng(seed)
    wait, window = draw.exponential(mean), draw.uniform(0.0, 90.0, len(mean))
    return np.minimum(wait, window), wait <= window


def _median(waited: Floats, came: Flags) -> float:
    policy = policy_of(waited, came, HORIZON)
    return float(Waits(policy["days"], policy["never"]).by(np.array([0.5]))[0])


def test_who_was_not_followed_to_the_end_counts_and_leaving_them_out_would_say_half_the_days() -> None:
    waited, came = _followed(np.full(5_000, 60.0))
    planted = 60.0 * np.log(2)
    assert _median(waited, came) == pytest.approx(planted, rel=0.06)
    only_those_that_came = _median(waited[came], np.ones(came.sum(), dtype=bool))
    assert only_those_that_came < 0.6 * planted


def test_of_several_ends_each_has_its_share_and_its_days() -> None:
    draw = np.random.default_rng(3)
    won = draw.random(8_000) < 0.4  # the won ones take longer, so that fewer of them are seen to their end
    wait = draw.exponential(np.where(won, 60.0, 20.0))
    window = draw.uniform(0.0, 400.0, 8_000)
    waited, ended = np.minimum(wait, window), wait <= window
    mass = weights(waited, ended)
    assert mass[won].sum() / mass.sum() == pytest.approx(0.4, abs=0.02)
    assert np.mean(evenly(waited[won], mass[won])) == pytest.approx(60.0, rel=0.06)
    assert waited[ended & won].mean() < 0.9 * 60.0, "of the decided ones alone the quick ones are too many"


def test_at_one_moment_those_that_ended_come_before_those_lost_from_sight() -> None:
    mass = weights(np.array([5.0, 5.0, 5.0, 9.0]), np.array([False, True, False, True]))
    assert mass.tolist() == [0.0, 0.25, 0.0, 0.75]
    assert weights(np.array([1.0, 2.0]), np.array([True, False])).tolist() == [0.5, 0.0], "the rest is not known"


def test_the_waits_kept_are_few_and_rise() -> None:
    waited, came = _followed(np.full(3_000, 40.0))
    kept = evenly(waited, weights(waited, came))
    assert len(kept) == MOST
    assert kept == sorted(kept)
    assert evenly(np.array([3.0, 1.0, 9.0]), np.array([0.5, 0.5, 0.0])) == [1.0, 3.0]


def _told(drops: bool) -> dict[str, dict[str, float]]:
    """What a check finds of rows whose rates differ from one to eight, each scored with its true probability."""
    mean = np.tile([15.0, 30.0, 60.0, 120.0], 1_500)
    score = 1.0 - np.exp(-HORIZON / mean)
    waited, came = _followed(mean)
    policy = policy_of(waited[came], came[came], HORIZON) if drops else policy_of(waited, came, HORIZON)
    after = np.random.default_rng(9).exponential(mean)
    test = Rows(np.arange(len(mean)), np.full(len(mean), 20_000 * DAY), (after < HORIZON).astype(np.float64), {})
    window = np.full(len(mean), 90.0)
    return Waited(policy, np.where(after < window, after, np.inf), window).check(test, score, seed=1)


@pytest.mark.parametrize(("name", "share"), [("days_low", 0.1), ("expected_days", 0.5), ("days_high", 0.9)])
def test_by_the_day_told_it_came_for_the_share_told(name: str, share: float) -> None:
    told = _told(drops=False)[name]
    assert told["expected"] == share
    assert told["actual"] == pytest.approx(share, abs=0.03)
    assert told["rows"] >= 1_500


def test_the_check_finds_out_waits_learned_from_those_that_came_alone() -> None:
    told = _told(drops=True)["days_high"]
    assert told["high"] < 0.8 < told["expected"], "the last day of the span is told far too early"


def test_too_little_that_came_is_said_and_nothing_is_told() -> None:
    few = policy_of(np.full(40, 90.0), np.arange(40) < 7, HORIZON)
    short = policy_of(np.full(40, 12.0), np.full(40, fill_value=True), HORIZON)
    assert few["words"] == (
        "No days are expected: 7 rows were followed until it happened, the longest for 90 days; 20 rows and 30 days "
        "are expected."
    )
    for policy in (few, short):
        assert policy["days"] == []
        test = Rows(np.arange(3), np.zeros(3, dtype=np.int64), np.zeros(3), {})
        assert Waited(policy, np.full(3, np.inf), np.full(3, 30.0)).check(test, np.full(3, 0.5), seed=1) == {
            "words": policy["words"]
        }
        assert np.isnan(Timing(policy).expected(np.array([0.0, 0.5, 1.0]))["expected_days"]).all()
