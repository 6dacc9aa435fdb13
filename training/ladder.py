"""The ladder rule → logistic → LightGBM: each rung is judged on later rows, and the simplest that wins answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scoring import Floats
from training import calibrating, rungs
from training.inputs import Input
from training.measures import losses
from training.rows import Index, Rows
from training.rungs import FEWEST, Fitted
from training.splits import Split, fold_of

CALIBRATION_FOLDS = 5


@dataclass(frozen=True)
class Step:
    """One rung, judged on rows that it did not see.

    Attributes
    ----------
    fitted : Fitted
        On the training rows, at last with the calibration rows, or on all rows where the split is in folds.
    unseen : ndarray of float64
        Uncalibrated log-odds of the calibration rows, from models that did not see them.
    knots : mapping
        Calibration, fitted on `unseen`.
    given : ndarray of float64
        Probabilities of the calibration rows, through knots fitted on other rows; NaN where there were none.
    loss : ndarray of float64
        Log loss of each row that has one in `given`.
    calibrations : mapping of str to float
        Log loss of each method of calibration.
    """

    fitted: Fitted
    unseen: Floats
    knots: Mapping[str, Any]
    given: Floats
    loss: Floats
    calibrations: Mapping[str, float]


@dataclass(frozen=True)
class Teacher:
    """How each rung is fitted on some rows; `params` of trees and `strength` of sums are fixed where they are known."""

    inputs: Sequence[Input]
    rule: Input
    seed: int
    params: Mapping[str, Any] | None = None
    strength: float | None = None

    def like(self, fitted: Fitted) -> Teacher:
        """A teacher who takes over the parameters of trees, the number of rounds with them."""
        return replace(self, params=fitted.params) if fitted.rung == "lightgbm" else self

    def fit(self, rung: str, rows: Rows) -> Fitted:
        """One rung on `rows`."""
        if rung == "rule":
            return rungs.fit_rule(rows, self.rule, seed=self.seed)
        if rung == "logistic":
            return rungs.fit_logistic(rows, self.inputs, seed=self.seed, strength=self.strength)
        return rungs.fit_lightgbm(rows, self.inputs, seed=self.seed, params=self.params)


def climb(rows: Rows, split: Split, teacher: Teacher, *, progress: Any = None) -> dict[str, Step]:
    """Fit and judge every rung for which there are enough rows.

    Returns
    -------
    dict of str to Step
        In the order of the ladder.
    """
    rarer = rows.take(split.train).rarer
    steps = {}
    for rung in [name for name, fewest in FEWEST.items() if rarer >= fewest]:
        if progress is not None:
            progress(f"fitting {rung}")
        steps[rung] = step_of(rung, rows, split, teacher)
    return steps


def step_of(rung: str, rows: Rows, split: Split, teacher: Teacher) -> Step:
    """One rung, fitted, and judged on rows that it did not see."""
    fitted = teacher.fit(rung, rows.take(split.train))
    return judge(rows, split, fitted, _unseen(rows, split, fitted, teacher), seed=teacher.seed)


def choose(steps: Mapping[str, Step]) -> tuple[str, list[str]]:
    """The highest rung that is better than the one below it by more than chance, and the sentences why.

    Better means a lower log loss on rows not seen, by more than one standard error of the paired difference.
    """
    best, reasons = "rule", [f"rule: log loss {steps['rule'].loss.mean():.4f}"]
    for rung in [name for name in steps if name != "rule"]:
        gain = steps[best].loss - steps[rung].loss
        error = float(gain.std() / np.sqrt(len(gain)))
        wins = float(gain.mean()) > error
        reasons.append(
            f"{rung}: log loss {steps[rung].loss.mean():.4f}, {gain.mean():+.4f} ± {error:.4f} against {best}, "
            f"{'taken' if wins else 'not clearly better'}"
        )
        best = rung if wins else best
    return best, reasons


def taught_again(rows: Rows, split: Split, step: Step, teacher: Teacher) -> Step:
    """The step with its rung fitted on the training and the calibration rows together.

    What was chosen and calibrated on later rows than it was fitted on answers with all that is known before the test;
    where the world moves, the latest rows teach the most. The shape of its calibration stays the one that unseen rows
    gave; its level is set so that the calibration rows, the latest known, have their own rate. Trees keep the
    parameters and the number of rounds with which they were judged.
    """
    if split.folds:
        return step
    fitted = teacher.like(step.fitted).fit(step.fitted.rung, rows.take(split.taught))
    latest = rows.take(split.calibrate)
    return replace(step, fitted=fitted, knots=calibrating.levelled(step.knots, fitted.log_odds(latest.frame), latest.y))


def judge(rows: Rows, split: Split, fitted: Fitted, unseen: Floats, *, seed: int) -> Step:
    """Calibrate a rung and give each calibration row its loss through knots fitted on other rows."""
    part = rows.take(split.calibrate)
    folds = calibration_folds(part, split, seed=seed)
    knots, tried = calibrating.choose(unseen, part.y, folds)
    method = {
        "none": lambda *_: calibrating.NONE,
        "sigmoid": calibrating.fit_sigmoid,
        "isotonic": calibrating.fit_isotonic,
    }[str(knots["method"])]
    given, known = calibrating.across(unseen, part.y, folds, method)
    return Step(fitted, unseen, knots, given, losses(part.y[known], given[known]), tried)


def calibration_folds(part: Rows, split: Split, *, seed: int) -> list[tuple[Index, Index]]:
    """Positions to fit knots on and to judge them on: by fold, else halves in time or order, else by entity.

    Either half judges the knots of the other, so that all rows speak and knots that one period alone asks for lose.
    """
    places = np.arange(len(part))
    moments = np.unique(part.as_of)
    if split.folds:
        return [(np.setdiff1d(places, fold), fold) for fold in split.folds]
    if split.protocol == "time" and len(moments) > 1:
        later = part.as_of > moments[len(moments) // 2 - 1]
        return [(np.flatnonzero(~later), np.flatnonzero(later)), (np.flatnonzero(later), np.flatnonzero(~later))]
    if split.protocol == "order":
        first, second = places[: len(places) // 2], places[len(places) // 2 :]
        return [(first, second), (second, first)]
    fold = fold_of(part.ids, part.y, CALIBRATION_FOLDS, seed=seed)
    return [(np.flatnonzero(fold != place), np.flatnonzero(fold == place)) for place in range(CALIBRATION_FOLDS)]


def _unseen(rows: Rows, split: Split, fitted: Fitted, teacher: Teacher) -> Floats:
    if not split.folds:
        return fitted.log_odds(rows.take(split.calibrate).frame)
    result = np.empty(len(rows))
    for fold in split.folds:
        inside = rows.take(np.setdiff1d(np.arange(len(rows)), fold))
        result[fold] = teacher.fit(fitted.rung, inside).log_odds(rows.take(fold).frame)
    return result
