"""What the audit learns once a model is fitted: what it loses without a suspect, and whether time undoes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from scoring import Floats, Leak
from training.ladder import Step, Teacher
from training.measures import auc
from training.rows import Index, Rows
from training.splits import Split, fold_of

COLLAPSE = 0.10  # fall of the AUC from rows of the same time to later rows that is worth a line


def after_fit(
    leaks: Sequence[Leak], rows: Rows, split: Split, steps: Mapping[str, Step], rung: str, teacher: Teacher
) -> list[Leak]:
    """The suspects with what the model loses without the first, and a collapse in time when there is one.

    The collapse is looked for on the highest rung, even where a lower one answers because of it. The test rows are
    not looked at.
    """
    found, step = list(leaks), steps[rung]
    inside, outside, given = _bench(rows, split, step)
    if found and len(teacher.inputs) > 1 and step.fitted.rung != "rule" and _has_both(rows.y[outside]):
        others = [item for item in teacher.inputs if item.ref != found[0].feature]
        without = replace(teacher, inputs=others).fit(step.fitted.rung, rows.take(inside))
        loss = _auc(rows.y[outside], given) - _auc(rows.y[outside], without.log_odds(rows.take(outside).frame))
        found[0] = replace(found[0], finding=f"{found[0].finding}; without it the model's AUC changes by {-loss:+.3f}")
    if split.protocol in ("time", "order"):
        found += _collapse(rows, split, list(steps.values())[-1], teacher)
    return found


def _bench(rows: Rows, split: Split, step: Step) -> tuple[Index, Index, Floats]:
    if split.folds:
        first = split.folds[0]
        return np.setdiff1d(np.arange(len(rows)), first), first, step.unseen[first]
    return split.train, split.calibrate, step.unseen


def _collapse(rows: Rows, split: Split, step: Step, teacher: Teacher) -> list[Leak]:
    taught = rows.take(split.train)
    aside = fold_of(taught.ids, taught.y, 5, seed=teacher.seed) == 0
    if not (_has_both(taught.y[aside]) and _has_both(taught.y[~aside])):
        return []
    same_time = teacher.fit(step.fitted.rung, taught.take(~aside)).log_odds(taught.take(aside).frame)
    near, far = _auc(taught.y[aside], same_time), _auc(rows.y[split.calibrate], step.unseen)
    if near - far < COLLAPSE:
        return []
    finding = f"the AUC falls from {near:.3f} among rows of the same time to {far:.3f} on later rows"
    return [Leak("(all features)", finding, round(near - far, 4))]


def _auc(y: Floats, score: Floats) -> float:
    return float(auc(y, score, np.ones((1, len(y))))[0])


def _has_both(y: Floats) -> bool:
    return bool(0 < y.sum() < len(y))
