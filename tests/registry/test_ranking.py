"""Weighted figures equal the plain figures of the rows written out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from registry.ranking import Ranking
from registry.resampling import entity_weights
from scoring import Floats
from training.measures import lift_10


@pytest.mark.parametrize("digits", [1, 8])
def test_weighted_auc_equals_the_auc_of_repeated_rows(digits: int) -> None:
    rng = np.random.default_rng(0)
    y = rng.random(200) < 0.3
    score: Floats = np.round(rng.random(200) + 0.2 * y, digits).astype(np.float64)  # one digit makes ties
    weights = rng.integers(0, 4, 200).astype(np.uint8)
    expected = roc_auc_score(np.repeat(y, weights), np.repeat(score, weights))
    assert Ranking(y, score).auc(weights) == pytest.approx(expected)


def test_lift_and_calibration_count_weights() -> None:
    y = np.array([True, False, True, False])
    ranking = Ranking(y, np.array([0.9, 0.8, 0.2, 0.1]))
    assert ranking.lift(np.array([2, 1, 0, 1], dtype=np.uint8), 0.5) == pytest.approx(2.0)
    assert ranking.calibration_error(np.ones(4, dtype=np.uint8)) == pytest.approx((0.1 + 0.8 + 0.8 + 0.1) / 4)


def test_without_an_outcome_there_is_no_figure() -> None:
    ranking = Ranking(np.array([True, False]), np.array([0.5, 0.4]))
    assert np.isnan(ranking.auc(np.array([0, 3], dtype=np.uint8)))
    assert np.isnan(ranking.lift(np.array([0, 3], dtype=np.uint8), 0.5))


def test_ties_at_the_end_of_a_list_do_not_follow_the_order_of_rows() -> None:
    y = np.arange(1_000) < 100  # all outcomes come first
    lift = Ranking(y, np.zeros(1_000)).lift(np.ones(1_000, dtype=np.uint8), 0.1)
    assert lift == pytest.approx(1.0)


@pytest.mark.parametrize("digits", [1, 8])
def test_the_gate_and_the_card_tell_one_lift(digits: int) -> None:
    rng = np.random.default_rng(4)
    y = rng.random(702) < 0.2
    score: Floats = np.round(rng.random(702) + 0.2 * y, digits).astype(np.float64)  # one digit makes ties
    for weights in (np.ones(702, dtype=np.uint8), rng.integers(0, 4, 702).astype(np.uint8)):
        card = lift_10(y.astype(np.float64), score, weights[None].astype(np.float64))[0]
        assert Ranking(y, score).lift(weights, 0.1) == pytest.approx(card, rel=1e-12)


def test_weights_have_mean_and_variance_one_and_belong_to_entities() -> None:
    ids = np.repeat(np.arange(5_000), 2)
    drawn = np.array(list(entity_weights(ids, 20, seed=3)))
    assert (drawn[:, ::2] == drawn[:, 1::2]).all()
    assert drawn.mean() == pytest.approx(1, abs=0.01)
    assert drawn.var() == pytest.approx(1, abs=0.02)
