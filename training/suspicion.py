"""What the audit learns once a model is fitted: what it loses without each suspect, who is on both sides, and time."""

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

COLLAPSE = 0.10  # fall of the AUC from rows of the same time to later rows that is called one
SAMPLE = 6_000  # rows on which these side questions are asked


def after_fit(
    leaks: Sequence[Leak],
    clocks: Sequence[Leak],
    rows: Rows,
    split: Split,
    steps: Mapping[str, Step],
    rung: str,
    teacher: Teacher,
) -> list[Leak]:
    """The suspects with what the model loses without each; then what clocks say, entities on both sides, and time.

    The collapse is looked for on the highest rung, even where a lower one answers because of it. The test rows are
    not looked at, unless every row is judged in folds.
    """
    others = [*clocks, on_both_sides(rows, split)]
    taught, later = _sides(rows, split, seed=teacher.seed)
    aside = fold_of(taught.ids, taught.y, 5, seed=teacher.seed) == 0
    near_by, rest = taught.take(aside), taught.take(~aside)
    if not (near_by.rarer and rest.rarer and later.rarer):
        return [*leaks, *others]
    whole = teacher.fit(rung, rest)
    found = [*(_missed(leak, whole, rest, later, teacher) for leak in leaks), *others]
    if split.protocol not in ("time", "order"):
        return found
    highest = list(steps)[-1]
    return [*found, _in_time(whole if rung == highest else teacher.fit(highest, rest), near_by, later)]


def on_both_sides(rows: Rows, split: Split) -> Leak:
    """How many of the entities that judge have taught, too; the number is their share.

    Examples
    --------
    >>> rows = Rows(np.array([1, 2, 1, 3]), np.arange(4), np.zeros(4), {})
    >>> found = on_both_sides(rows, Split("time", "", np.array([0, 1]), np.array([], int), np.array([2, 3])))
    >>> found.finding, found.value
    ('1 of 2 entities that judge have taught, too, at earlier moments', 0.5)
    """
    everything = np.arange(len(rows))
    pairs = [(np.setdiff1d(everything, fold), fold) for fold in split.folds] or [(split.taught, split.test)]
    both = sum(len(np.intersect1d(rows.ids[taught], rows.ids[judging])) for taught, judging in pairs)
    entities = sum(len(np.unique(rows.ids[judging])) for _, judging in pairs)
    when = ", at earlier moments" if both and split.protocol == "time" else ""
    finding = f"{both:,} of {entities:,} entities that judge have taught, too{when}"
    return Leak("(entities)", finding, round(both / max(entities, 1), 4))


def _missed(leak: Leak, whole: Fitted, rest: Rows, later: Rows, teacher: Teacher) -> Leak:
    """A suspect with the change of the model's AUC when it is taught without it."""
    if leak.feature not in {item.ref for item in whole.inputs}:
        return replace(leak, finding=f"{leak.finding}; the model does not look at it")
    others = [item for item in whole.inputs if item.ref != leak.feature]
    power = 0.5
    if others:
        power = _power(
            replace(teacher.like(whole), inputs=others, strength=whole.params.get("C")).fit(whole.rung, rest), later
        )
    return replace(
        leak, finding=f"{leak.finding}; without it the model's AUC changes by {power - _power(whole, later):+.3f}"
    )


def _sides(rows: Rows, split: Split, *, seed: int) -> tuple[Rows, Rows]:
    """Some rows to fit on and some to ask: the calibration rows, or the first fold."""
    outside = split.folds[0] if split.folds else split.calibrate
    inside = np.setdiff1d(split.train, outside)
    draw = np.random.default_rng(seed)
    first, second = (
        part if len(part) <= SAMPLE else np.sort(draw.choice(part, SAMPLE, replace=False)) for part in (inside, outside)
    )
    return rows.take(first), rows.take(second)


def _in_time(fitted: Fitted, near_by: Rows, later: Rows) -> Leak:
    near, far = _power(fitted, near_by), _power(fitted, later)
    verb = "falls from" if near - far >= COLLAPSE else "is"
    link = "to" if near - far >= COLLAPSE else "and"
    finding = f"the AUC {verb} {near:.3f} among rows of the same time {link} {far:.3f} on later rows"
    return Leak("(all features)", finding, round(near - far, 4))


def _power(fitted: Fitted, rows: Rows) -> float:
    return float(auc(rows.y, fitted.log_odds(rows.frame), np.ones((1, len(rows))))[0])
