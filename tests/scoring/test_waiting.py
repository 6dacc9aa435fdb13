"""When an outcome comes: in agreement with the score, and silent about days that nobody was followed for."""

from __future__ import annotations

import numpy as np

from scoring.waiting import Timing, Waits

POLICY = {"days": [*range(1, 201)], "never": 0.5, "horizon_days": 50, "words": "made up"}


def test_even_odds_within_the_horizon_are_expected_at_its_end() -> None:
    timing = Timing(POLICY)
    days = timing.expected(np.array([0.5, 0.9, 0.1]))
    assert np.allclose([days["expected_days"][0], days["days_high"][1], days["days_low"][2]], 50.0)


def test_a_higher_score_is_an_earlier_day_and_the_span_holds_the_expected_one() -> None:
    days = Timing(POLICY).expected(np.linspace(0.45, 0.99, 50))
    for values in days.values():
        known = values[np.isfinite(values)]
        assert len(known) > 10
        assert (np.diff(known) < 0).all()
    known = np.isfinite(days["days_high"])
    assert (days["days_low"] < days["expected_days"]).all()
    assert (days["expected_days"][known] < days["days_high"][known]).all()


def test_days_beyond_what_was_followed_are_not_told() -> None:
    days = Timing(POLICY).expected(np.array([0.0, 1e-9, 0.1, 1.0]))
    assert np.isnan(days["expected_days"][:3]).all()
    assert np.isfinite(days["days_low"][2])
    assert days["days_high"][3] == 0.0


def test_what_nobody_was_followed_for_is_left_open() -> None:
    waits = Waits([10.0, 20.0], never=0.5)
    assert waits.by(np.array([0.0, 0.25, 0.5, 0.51])).tolist()[:3] == [0.0, 15.0, 20.0]
    assert np.isnan(waits.by(np.array([0.51]))).all()
    assert waits.share(1_000.0) == 0.5
