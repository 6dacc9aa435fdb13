"""What the audit learns once a model is fitted: what it loses without a suspect, and whether time undoes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from scoring import Floats, Leak
from training.ladder import Step, Teacher
from training.measures import auc
from training.rows import Rows
from training.splits import Split, fold_of

COLLAPSE = 0.10  # fall of the AUC from rows of the same time to later rows that is worth a line
SAMPLE = 8_000  # rows on which these side questions are asked


def after_fit(
    leaks: Sequence[Leak], rows: Rows, split: Split, steps: Mapping[str, Step], rung: str, teacher: Teacher
) -> list[Leak]:
    """The suspects with what the model loses without the first, and a collapse in time when there is one.

    The collapse is looked for on the highest rung, even where a lower one answers because of it. The test rows are
    not looked at, unless every row is judged in folds.
    """
    found = list(leaks)
    taught, later = _sides(rows, split, seed=teacher.seed)
    if found and len(teacher.inputs) > 1 and rung != "rule" and taught.rarer and later.rarer:
        others = [item for item in teacher.inputs if item.ref != found[0].feature]
        loss = _power(teacher, rung, taught, later) - _power(replace(teacher, inputs=others), rung, taught, later)
        found[0] = replace(found[0], finding=f"{found[0].finding}; without it the model's AUC changes by {-loss:+.3f}")
    if split.protocol in ("time", "order"):
        found += _collapse(taught, later, list(steps)[-1], teacher)
    return found


def _sides(rows: Rows, split: Split, *, seed: int) -> tuple[Rows, Rows]:
    """Some rows to fit on and some to ask: the calibration rows, or the first fold."""
    outside = split.folds[0] if split.folds else split.calibrate
    inside = np.setdiff1d(split.train, outside)
    draw = np.random.default_rng(seed)
    first, second = (
        part if len(part) <= SAMPLE else np.sort(draw.choice(part, SAMPLE, replace=False)) for part in (inside, outside)
    )
    return rows.take(first), rows.take(second)


def _collapse(taught: Rows, later: Rows, rung: str, teacher: Teacher) -> list[Leak]:
    aside = fold_of(taught.ids, taught.y, 5, seed=teacher.seed) == 0
    near_by, rest = taught.take(aside), taught.take(~aside)
    if not (near_by.rarer and rest.rarer and later.rarer):
        return []
    fitted = teacher.fit(rung, rest)
    near, far = _auc(near_by.y, fitted.log_odds(near_by.frame)), _auc(later.y, fitted.log_odds(later.frame))
    if near - far < COLLAPSE:
        return []
    finding = f"the AUC falls from {near:.3f} among rows of the same time to {far:.3f} on later rows"
    return [Leak("(all features)", finding, round(near - far, 4))]


def _power(teacher: Teacher, rung: str, taught: Rows, later: Rows) -> float:
    return _auc(later.y, teacher.fit(rung, taught).log_odds(later.frame))


def _auc(y: Floats, score: Floats) -> float:
    return float(auc(y, score, np.ones((1, len(y))))[0])
