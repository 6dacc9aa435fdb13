"""A grade follows from its numbers, each of which is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scoring import Metric
from training.grading import Findings, grade, stability_index


def _found(**given: Any) -> Findings:
    good: dict[str, Any] = {
        "auc": Metric(0.80, 0.78, 0.82),
        "lift": Metric(0.10, 0.08, 0.12),
        "ece_excess": Metric(0.005),
        "by_period": [(0.80, 0.02), (0.81, 0.02)],
        "drift": 0.02,
        "base_rates": (0.30, 0.30),
        "rows": (2_000, 2_000),
        "positives": 2_000,
        "rung": "logistic",
        "rule": "recency",
    }
    return Findings(**good | given)


def test_a_good_model_is_an_a_with_five_numbers() -> None:
    level, reasons = grade(_found())
    assert level == "A"
    assert [reason.split(" ")[0] for reason in reasons[1:]] == ["lift", "calibration", "stability", "drift", "data"]


def test_no_signal_is_a_d_that_says_why() -> None:
    level, reasons = grade(_found(auc=Metric(0.51, 0.48, 0.54)))
    assert level == "D"
    assert reasons[0] == ("no signal: the interval of the AUC (0.480 to 0.540) does not exclude 0.5, which is guessing")


def test_worse_than_the_rule_is_a_d() -> None:
    level, reasons = grade(_found(lift=Metric(-0.05, -0.08, -0.02)))
    assert level == "D"
    assert reasons[0].startswith("the naive rule (recency) is better by 0.050 AUC")


@pytest.mark.parametrize(
    "given", [{"lift": Metric(0.01, -0.01, 0.03)}, {"rung": "rule", "lift": Metric(0.0, 0.0, 0.0)}]
)
def test_a_lift_that_is_not_proven_is_at_most_a_c(given: dict[str, Any]) -> None:
    assert grade(_found(**given))[0] == "C"


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({"ece_excess": Metric(0.2)}, "A"),
        ({"ece_excess": Metric(0.2), "positives": 300}, "B"),
        ({"ece_excess": Metric(0.2), "positives": 60}, "C"),
        ({"positives": 10, "drift": 0.9}, "D"),
        ({"base_rates": (0.3, 0.1), "by_period": [(0.9, 0.01), (0.7, 0.01)]}, "D"),
    ],
)
def test_the_second_worst_number_decides(given: dict[str, Any], level: str) -> None:
    assert grade(_found(**given))[0] == level


def test_chance_alone_is_no_instability() -> None:
    _, reasons = grade(_found(by_period=[(0.75, 0.06), (0.83, 0.06), (0.79, 0.06)], rows=(60, 60), drift=0.25))
    assert reasons[3].startswith("stability A")
    assert reasons[4].startswith("drift A")


def test_the_index_sees_a_shift() -> None:
    values = np.random.default_rng(1).normal(size=3_000)
    assert stability_index(values, values + 1) > 0.5
    assert stability_index(values[:1_500], values[1_500:]) < 0.05
