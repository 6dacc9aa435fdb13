"""Measures equal those of scikit-learn, also under weights; intervals cover."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from scoring import Floats
from training.intervals import contest, draws, figures
from training.measures import auc, auc_error, average_precision, brier, ece, lift_10, log_loss, simulated_ece


def _case(rows: int, seed: int, *, ties: bool) -> tuple[Floats, Floats, Floats]:
    draw = np.random.default_rng(seed)
    score = draw.random(rows)
    y = (draw.random(rows) < score).astype(np.float64)
    return y, np.round(score, 1).clip(0.05, 0.95) if ties else score, draw.integers(0, 4, (3, rows)).astype(np.float64)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_measures_equal_scikit_learn_s(seed: int, ties: bool) -> None:
    y, score, weights = _case(300, seed, ties=ties)
    pairs = [
        (auc, metrics.roc_auc_score),
        (average_precision, metrics.average_precision_score),
        (brier, metrics.brier_score_loss),
        (log_loss, metrics.log_loss),
    ]
    for ours, theirs in pairs:
        expected = [theirs(y, score, sample_weight=row) for row in weights]
        assert ours(y, score, weights) == pytest.approx(expected, rel=1e-9)


def test_a_class_that_is_absent_gives_nan() -> None:
    assert np.isnan(auc(np.zeros(3), np.arange(3.0), np.ones((1, 3)))).all()


def test_lift_counts_the_highest_tenth() -> None:
    y = np.r_[np.ones(5), np.zeros(95)]
    assert lift_10(y, y, np.ones((1, 100)))[0] == pytest.approx(10.0)
    assert lift_10(y, np.zeros(100), np.ones((1, 100)))[0] == pytest.approx(1.0)


def test_a_perfect_model_has_no_excess_error_and_a_boastful_one_has() -> None:
    draw = np.random.default_rng(3)
    score = draw.beta(2, 3, 4_000)
    y = (draw.random(4_000) < score).astype(np.float64)
    honest, boastful = (figures(y, given, np.arange(4_000), seed=1) for given in (score, score**0.5))
    assert abs(honest["ece_excess"].value) < 0.01
    assert boastful["ece_excess"].value > 0.1
    assert ece(y, score, np.ones((1, 4_000)))[0] == pytest.approx(simulated_ece(score, seed=1).mean(), abs=0.01)


def test_rows_of_one_entity_are_drawn_together() -> None:
    ids = np.repeat(np.arange(50), 4)
    for weights in draws(ids, seed=1, rounds=20):
        assert (weights.reshape(-1, 50, 4) == weights.reshape(-1, 50, 4)[:, :, :1]).all()
        assert weights.sum(axis=1) == pytest.approx(200)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        z = draw.normal(size=250)
        y = (draw.random(250) < 1 / (1 + np.exp(-1.5 * z))).astype(np.float64)
        metric = figures(y, 1 / (1 + np.exp(-z)), np.arange(250), seed=seed, rounds=200)["auc"]
        assert metric.low is not None
        assert metric.high is not None
        inside += metric.low <= 0.8196 <= metric.high  # of a million rows
    assert inside >= 33


def test_the_paired_difference_of_a_score_with_itself_is_nothing() -> None:
    y, score, _ = _case(200, 1, ties=False)
    metric = contest(y, score, score, np.arange(200), seed=1)[2]
    assert (metric.value, metric.low, metric.high) == (0.0, 0.0, 0.0)


def test_the_standard_error_is_that_of_the_bootstrap() -> None:
    y, score, _ = _case(800, 2, ties=False)
    drawn = np.concatenate([auc(y, score, weights) for weights in draws(np.arange(800), seed=1, rounds=400)])
    assert auc_error(y, score) == pytest.approx(drawn.std(), rel=0.2)
