"""What the test rows say about a model: figures, the naive rule beside it, stability, drift and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crm.clock import iso
from scoring import Evidence, Floats, Metric, Naive
from scoring.calibration import Calibration, probability
from scoring.candidate import Grade
from training import grading
from training.intervals import contest
from training.ladder import Step
from training.measures import auc, auc_error
from training.rows import Rows
from training.splits import Split


@dataclass(frozen=True)
class Verdict:
    """The judgement on the test rows.

    Attributes
    ----------
    metrics : mapping of str to Metric
    naive : Naive
    by_period : mapping of str to float
        AUC of each of the last periods, or of each fold.
    grade, grade_reasons
    evidence : Evidence
    """

    metrics: Mapping[str, Metric]
    naive: Naive
    by_period: Mapping[str, float]
    grade: Grade
    grade_reasons: list[str]
    evidence: Evidence


def judge(entity: str, rows: Rows, split: Split, step: Step, rule: Step, words: str, *, seed: int) -> Verdict:
    """Judge the chosen step and the naive rule on the test rows, which nothing else has looked at.

    Parameters
    ----------
    entity : str
    rows, split
        All rows and their division.
    step, rule : Step
        The chosen rung, and the naive rule's.
    words : str
        The naive rule in words.
    """
    test = rows.take(split.test)
    score, naive = answers(rows, split, step), answers(rows, split, rule)
    metrics, beside, gain = contest(test.y, score, naive, test.ids, seed=seed)
    periods = by_period(rows, split, step, score)
    before = rows.take(split.calibrate)
    grade, reasons = grading.grade(
        grading.Findings(
            auc=metrics["auc"],
            lift=gain,
            ece_excess=metrics["ece_excess"],
            by_period=list(periods.values()),
            drift=grading.stability_index(answers_before(step), score),
            base_rates=(before.base_rate, test.base_rate),
            rows=(len(before), len(test)),
            positives=rows.take(split.taught).rarer,
            rung=step.fitted.rung,
            rule=words,
        )
    )
    evidence = Evidence(entity=entity, ids=test.ids, as_of=test.as_of, y=test.y, score=score, naive_score=naive)
    areas = {name: area for name, (area, _) in periods.items()}
    return Verdict(metrics, Naive(words, beside), areas, grade, reasons, evidence)


def answers(rows: Rows, split: Split, step: Step) -> Floats:
    """Calibrated probabilities of the test rows, none from a model or knots that saw them."""
    if split.folds:
        return np.where(np.isnan(step.given), rows.base_rate, step.given)
    raw = step.fitted.log_odds(rows.take(split.test).frame)
    return probability(Calibration(step.knots).log_odds(raw))


def answers_before(step: Step) -> Floats:
    """Calibrated probabilities of the calibration rows."""
    return probability(Calibration(step.knots).log_odds(step.unseen))


def by_period(rows: Rows, split: Split, step: Step, score: Floats) -> dict[str, tuple[float, float]]:
    """AUC with its standard error of each period that was held back, or of each fold.

    Examples
    --------
    >>> rows = Rows(np.arange(4), np.zeros(4, dtype=np.int64), np.array([0.0, 1, 0, 1]), {})
    >>> split = Split("fold", "", np.arange(4), np.arange(4), np.arange(4), [np.array([0, 1]), np.array([2, 3])])
    >>> by_period(rows, split, None, np.array([0.1, 0.9, 0.9, 0.1]))
    {'fold 1': (1.0, 0.0), 'fold 2': (0.0, 0.0)}
    """
    if split.folds:
        named = {f"fold {place}": (rows.y[fold], score[fold]) for place, fold in enumerate(split.folds, start=1)}
    else:
        parts = (rows.take(split.calibrate), step.unseen, "before"), (rows.take(split.test), score, "test")
        cut = _by_moment if split.protocol == "time" else _by_half
        named = {name: found for part in parts for name, found in cut(*part).items()}
    return {
        name: (float(auc(y, part, np.ones((1, len(y))))[0]), auc_error(y, part))
        for name, (y, part) in named.items()
        if 0 < y.sum() < len(y)
    }


def _by_moment(rows: Rows, score: Floats, _: str) -> dict[str, tuple[Floats, Floats]]:
    moments = np.unique(rows.as_of)
    return {iso(int(at))[:10]: (rows.y[rows.as_of == at], score[rows.as_of == at]) for at in moments}


def _by_half(rows: Rows, score: Floats, name: str) -> dict[str, tuple[Floats, Floats]]:
    halves = np.array_split(np.arange(len(rows)), 2)
    return {f"{name} {place}": (rows.y[half], score[half]) for place, half in enumerate(halves, start=1)}
