"""The simplest rung that wins answers; fits are reproducible; the exported core is the fitted one."""

from __future__ import annotations

import numpy as np
import pytest

from scoring import Floats
from scoring.calibration import Calibration, probability
from tests.training.planted import chance, dealt, in_order, inputs_of, rows_of
from training.boosting import boost
from training.ladder import Teacher, choose, climb, taught_again
from training.measures import losses
from training.rows import Rows

pytestmark = pytest.mark.slow


def _teacher(rows: Rows) -> Teacher:
    inputs = inputs_of(rows)
    return Teacher(inputs, next(item for item in inputs if item.ref == "shop:since"), seed=1)


def test_forty_rows_are_answered_by_the_rule() -> None:
    rows = rows_of(40, strength=0.3)
    rung, reasons = choose(climb(rows, dealt(rows), _teacher(rows)))
    assert rung == "rule"
    assert reasons[0].startswith("rule: log loss")


def test_a_weighted_sum_is_answered_by_logistic_regression() -> None:
    rows = rows_of(3_000)
    rung, reasons = choose(climb(rows, in_order(rows), _teacher(rows)))
    assert rung == "logistic"
    assert any("against rule, taken" in reason for reason in reasons)


def test_an_interaction_is_answered_by_trees() -> None:
    draw = np.random.default_rng(1)
    first, second = draw.normal(size=4_000), draw.normal(size=4_000)
    base = rows_of(4_000)
    y = (draw.random(4_000) < chance(2.5 * np.sign(first * second))).astype(np.float64)
    rows = Rows(base.ids, base.as_of, y, dict(base.frame) | {"shop:first": first, "shop:second": second})
    assert choose(climb(rows, in_order(rows), _teacher(rows)))[0] == "lightgbm"


@pytest.mark.parametrize("rung", ["rule", "logistic", "lightgbm"])
def test_the_same_rows_give_the_same_bytes(rung: str) -> None:
    rows = rows_of(1_200)
    first, again = (_teacher(rows).fit(rung, rows) for _ in range(2))
    assert first.files == again.files
    assert first.preparation.export() == again.preparation.export()


@pytest.mark.parametrize("rung", ["rule", "logistic", "lightgbm"])
def test_the_export_answers_as_the_library(rung: str) -> None:
    rows, later = rows_of(1_500), rows_of(400, seed=9)
    later.frame["shop:plan"][:50] = "never seen"
    fitted = _teacher(rows).fit(rung, rows)
    assert np.abs(fitted.log_odds(later.frame) - fitted.original(later.frame)).max() < 1e-12


def test_a_booster_s_text_says_nothing_of_the_machine() -> None:
    rows = rows_of(800)
    matrix: Floats = np.column_stack([rows.frame["shop:since"], rows.frame["shop:noise"]])
    booster = boost(matrix, rows.y, rows.ids, seed=1)
    assert "num_threads" not in booster.text
    assert "parameters" not in booster.text
    assert booster.params["rounds"] >= 1


def test_what_answers_has_learned_from_the_latest_rows_too() -> None:
    rows = rows_of(3_000)
    turn = int(0.64 * len(rows))  # the world turns round where the calibration rows begin
    rows.frame["shop:visits_30d"][:turn] *= -1
    split = in_order(rows)
    teacher = _teacher(rows)
    step = climb(rows, split, teacher)["logistic"]
    again = taught_again(rows, split, step, teacher)
    test = rows.take(split.test)
    before, after = (losses(test.y, probability(item.fitted.log_odds(test.frame))).mean() for item in (step, again))
    assert after < before - 0.05


def test_taught_again_the_latest_known_rows_have_their_own_rate() -> None:
    rows = rows_of(3_000)
    split = in_order(rows)
    rows.y[: len(split.train) // 2] = 0.0  # nobody left in the beginning
    teacher = _teacher(rows)
    again = taught_again(rows, split, climb(rows, split, teacher)["logistic"], teacher)
    latest = rows.take(split.calibrate)
    given = probability(Calibration(again.knots).log_odds(again.fitted.log_odds(latest.frame)))
    assert abs(given.mean() - latest.base_rate) < 1e-6


def test_in_folds_nothing_is_taught_again() -> None:
    rows = rows_of(300)
    split = dealt(rows)
    teacher = _teacher(rows)
    step = climb(rows, split, teacher)["rule"]
    assert taught_again(rows, split, step, teacher) is step
