"""What the audit learns once a model is fitted: what it loses without a suspect, and whether time undoes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from scoring import Leak
from training.ladder import Step, Teacher
from training.measures import auc
from training.rows import Rows
from training.rungs import Fitted
from training.splits import Split, fold_of

COLLAPSE = 0.10  # fall of the AUC from rows of the same time to later rows that is worth a line
SAMPLE = 6_000  # rows on which these side questions are asked


def after_fit(
    leaks: Sequence[Leak], rows: Rows, split: Split, steps: Mapping[str, Step], rung: str, teacher: Teacher
) -> list[Leak]:
    """The suspects with what the model loses without the first, and a collapse in time when there is one.

    The collapse is looked for on the highest rung, even where a lower one answers because of it. The test rows are
    not looked at, unless every row is judged in folds.
    """
    found = list(leaks)
    taught, later = _sides(rows, split, seed=teacher.seed)
    aside = fold_of(taught.ids, taught.y, 5, seed=teacher.seed) == 0
    near_by, rest = taught.take(aside), taught.take(~aside)
    if not (near_by.rarer and rest.rarer and later.rarer):
        return found
    whole = teacher.fit(rung, rest)
    if found and len(teacher.inputs) > 1 and rung != "rule":
        others = [item for item in teacher.inputs if item.ref != found[0].feature]
        without = replace(teacher.like(whole), inputs=others).fit(rung, rest)
        loss = _power(whole, later) - _power(without, later)
        found[0] = replace(found[0], finding=f"{found[0].finding}; without it the model's AUC changes by {-loss:+.3f}")
    if split.protocol in ("time", "order"):
        highest = list(steps)[-1]
        found += _collapse(whole if rung == highest else teacher.fit(highest, rest), near_by, later)
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


def _collapse(fitted: Fitted, near_by: Rows, later: Rows) -> list[Leak]:
    near, far = _power(fitted, near_by), _power(fitted, later)
    if near - far < COLLAPSE:
        return []
    finding = f"the AUC falls from {near:.3f} among rows of the same time to {far:.3f} on later rows"
    return [Leak("(all features)", finding, round(near - far, 4))]


def _power(fitted: Fitted, rows: Rows) -> float:
    return float(auc(rows.y, fitted.log_odds(rows.frame), np.ones((1, len(rows))))[0])
