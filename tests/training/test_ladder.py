"""The simplest rung that wins answers; fits are reproducible; the exported core is the fitted one."""

from __future__ import annotations

import numpy as np
import pytest

from scoring import Floats
from tests.training.planted import chance, dealt, in_order, inputs_of, rows_of
from training.boosting import boost
from training.ladder import Teacher, choose, climb
from training.rows import Rows


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
