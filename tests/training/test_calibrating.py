"""Calibration: the method that is needed wins, order is kept, nothing is invented from few rows."""

from __future__ import annotations

import numpy as np
import pytest

from scoring import Floats
from scoring.calibration import Calibration, log_odds_of, probability
from training.calibrating import choose
from training.rows import Index
from training.splits import fold_of

Folds = list[tuple[Index, Index]]


def _case(rows: int, bend: str, seed: int = 1) -> tuple[Floats, Floats, Folds]:
    draw = np.random.default_rng(seed)
    truth = draw.normal(0.0, 1.5, rows) - 0.5
    y = (draw.random(rows) < probability(truth)).astype(np.float64)
    raw = {"honest": truth, "boastful": 2.5 * truth + 1.0, "bent": np.sign(truth) * np.abs(truth) ** 3}[bend]
    fold = fold_of(np.arange(rows), y, 5, seed=seed)
    return raw, y, [(np.flatnonzero(fold != place), np.flatnonzero(fold == place)) for place in range(5)]


@pytest.mark.parametrize(("bend", "method"), [("boastful", "sigmoid"), ("bent", "isotonic")])
def test_the_method_that_is_needed_wins(bend: str, method: str) -> None:
    raw, y, folds = _case(6_000, bend)
    knots, tried = choose(raw, y, folds)
    assert knots["method"] == method
    assert tried[method] < tried["none"]


def test_a_calibrated_score_is_near_the_rate() -> None:
    raw, y, folds = _case(6_000, "bent")
    given = probability(Calibration(choose(raw, y, folds)[0]).log_odds(raw))
    order = np.argsort(given)
    for part in np.array_split(order, 10):
        assert given[part].mean() == pytest.approx(y[part].mean(), abs=0.06)


def test_an_honest_score_is_hardly_changed() -> None:
    raw, y, folds = _case(6_000, "honest")
    given = Calibration(choose(raw, y, folds)[0]).log_odds(raw)
    assert np.abs(probability(given) - probability(raw)).max() < 0.05


@pytest.mark.parametrize("bend", ["honest", "boastful", "bent"])
def test_order_is_kept(bend: str) -> None:
    raw, y, folds = _case(3_000, bend)
    ordered = Calibration(choose(raw, y, folds)[0]).log_odds(np.sort(raw))
    assert (np.diff(ordered) >= 0).all()
    assert np.isfinite(ordered).all()


def test_few_rows_are_not_calibrated() -> None:
    raw, y, folds = _case(30, "boastful")
    assert choose(raw, y, folds)[0]["method"] == "none"


def test_a_score_that_points_the_wrong_way_is_not_turned_round() -> None:
    raw, y, folds = _case(2_000, "honest")
    knots, _ = choose(-raw, y, folds)
    assert (np.diff(Calibration(knots).log_odds(np.linspace(-3, 3, 50))) >= 0).all()


def test_log_odds_and_probability_are_inverse() -> None:
    values = np.array([-30.0, -1.0, 0.0, 2.0, 30.0])
    assert log_odds_of(probability(values)) == pytest.approx(values, rel=1e-3)
