"""A grade from A to D out of five numbers, each of which is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring import Floats, Metric
from scoring.candidate import Grade

ORDER: tuple[Grade, ...] = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Criterion:
    """One number, the grade that it earns, and the sentence that shows it."""

    name: str
    grade: Grade
    words: str


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a grade is made of.

    Attributes
    ----------
    auc : Metric
        Of the model, on the test rows.
    lift : Metric
        AUC of the model minus that of the naive rule, paired.
    ece_excess : Metric
    by_period : sequence of (float, float)
        AUC in each of the last periods, or in each fold, with its standard error.
    drift : float
        Population stability index of the score between the calibration and the test rows.
    base_rates, rows : pair of float, pair of int
        Of the calibration and the test rows.
    positives : int
        Training rows of the rarer outcome.
    """

    auc: Metric
    lift: Metric
    ece_excess: Metric
    by_period: Sequence[tuple[float, float]]
    drift: float
    base_rates: tuple[float, float]
    rows: tuple[int, int]
    positives: int
    rung: str
    rule: str


def grade(found: Findings) -> tuple[Grade, list[str]]:
    """The grade, and a sentence for each number; the first sentence says how the grade follows.

    D without signal: the interval of the AUC reaches 0.5, or the naive rule is better. Otherwise the second
    worst of the five, and at most C while the lift over the naive rule is not proven.

    Examples
    --------
    >>> flat = Findings(auc=Metric(0.51, 0.48, 0.54), lift=Metric(0.0, -0.02, 0.02), ece_excess=Metric(0.0),
    ...     by_period=[(0.5, 0.02), (0.5, 0.02)], drift=0.0, base_rates=(0.5, 0.5), rows=(99, 99), positives=900,
    ...     rung="rule", rule="recency")
    >>> grade(flat)[0]
    'D'
    """
    criteria = [_lift(found), _calibration(found), _stability(found), _drift(found), _sufficiency(found)]
    sentences = [f"{item.name} {item.grade}: {item.words}" for item in criteria]
    if (found.auc.low or 0.0) <= 0.5:
        why = f"no signal: the interval of the AUC ({_span(found.auc)}) does not exclude 0.5, which is guessing"
        return "D", [why, *sentences]
    if found.lift.high is not None and found.lift.high < 0:
        why = f"the naive rule ({found.rule}) is better by {-found.lift.value:.3f} AUC ({_span(found.lift)})"
        return "D", [why, *sentences]
    second = sorted((ORDER.index(item.grade) for item in criteria), reverse=True)[1]
    result = ORDER[max(second, ORDER.index(criteria[0].grade)) if criteria[0].grade == "C" else second]
    return result, [f"the second worst of five numbers, and never above C without a proven lift: {result}", *sentences]


def stability_index(before: Floats, after: Floats) -> float:
    """Population stability index between two samples over ten equal shares of the first.

    Below 0.1 nothing moved, above 0.25 much did.

    Examples
    --------
    >>> stability_index(np.arange(1000.0), np.arange(1000.0)) < 0.01
    True
    """
    edges = np.unique(np.quantile(before, np.arange(1, 10) / 10))
    first, second = (
        (np.bincount(np.searchsorted(edges, part, side="right"), minlength=len(edges) + 1) + 0.5)
        / (len(part) + 0.5 * (len(edges) + 1))
        for part in (before, after)
    )
    return float(((first - second) * np.log(first / second)).sum())


def _lift(found: Findings) -> Criterion:
    if found.rung == "rule":
        return Criterion("lift", "C", f"the naive rule ({found.rule}) itself answers, AUC {_full(found.auc)}")
    words = f"AUC {_full(found.auc)}, {found.lift.value:+.3f} ({_span(found.lift)}) against {found.rule}"
    if (found.lift.low or 0.0) <= 0:
        return Criterion("lift", "C", f"{words}, which may be chance")
    return Criterion("lift", "A" if found.lift.value >= 0.05 else "B", words)


def _calibration(found: Findings) -> Criterion:
    excess = found.ece_excess.value
    words = f"probabilities are off by {max(excess, 0):.3f} more than chance explains"
    return Criterion("calibration", _level(excess, (0.02, 0.05, 0.10)), words)


def _stability(found: Findings) -> Criterion:
    if len(found.by_period) < 2:
        return Criterion("stability", "C", "only one period could be judged")
    values, errors = np.array(found.by_period).T
    beyond = float(np.sqrt(max(values.var(ddof=1) - (errors**2).mean(), 0.0)))
    shown = ", ".join(f"{value:.3f}" for value in values)
    words = f"AUC by period {shown}, which spreads by {beyond:.3f} more than chance explains"
    return Criterion("stability", _level(beyond, (0.02, 0.05, 0.10)), words)


def _drift(found: Findings) -> Criterion:
    (before, after), (first, second) = found.base_rates, found.rows
    by_chance = 9 * (1 / first + 1 / second)  # of ten shares
    words = f"score stability index {found.drift:.3f} ({by_chance:.3f} by chance), base rate {before:.1%} → {after:.1%}"
    step = abs(np.log((after + 1e-9) / (before + 1e-9)))
    if abs(after - before) < 1.96 * np.sqrt(before * (1 - before) / first + after * (1 - after) / second):
        step = 0.0
    moved = _level(found.drift - by_chance, (0.10, 0.25, 0.50))
    worse = max(ORDER.index(moved), ORDER.index(_level(step, (0.1, 0.25, 0.7))))
    return Criterion("drift", ORDER[worse], words)


def _sufficiency(found: Findings) -> Criterion:
    words = f"{found.positives:,} training rows of the rarer outcome"
    return Criterion("data", _level(-found.positives, (-1000, -200, -50)), words)


def _level(value: float, bounds: tuple[float, float, float]) -> Grade:
    return ORDER[sum(value > bound for bound in bounds)]


def _span(metric: Metric) -> str:
    return "no interval" if metric.low is None or metric.high is None else f"{metric.low:.3f} to {metric.high:.3f}"


def _full(metric: Metric) -> str:
    return f"{metric.value:.3f} ({_span(metric)})"
