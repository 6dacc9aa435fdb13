"""Backtests: at past cutoffs, what acting on a model's list would have earned, beside the naive rule's list.

At each cutoff the model is learned anew from what was known before it, so that nothing of its future helps; the
list is as long as acting pays, or as long as asked for, and the rule's list is equally long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crm.clock import DAY, iso
from scoring import Floats, Metric
from scoring.calibration import Calibration, probability
from training.errors import TrainingError
from training.inputs import Input, telling
from training.intervals import draws, interval
from training.ladder import Teacher, choose, climb, taught_again
from training.leaks import rank
from training.measures import auc
from training.policies import Costs
from training.problem import naive
from training.question import Question
from training.rows import Ids, Rows
from training.spec import Context
from training.splits import Split, held_back, in_folds

CUTOFFS = 6
APART = 30 * DAY
MOST_TAUGHT = 12
ROUNDS = 300


@dataclass(frozen=True)
class Replay:
    """One past cutoff.

    Attributes
    ----------
    as_of : int
        Microseconds.
    rows : int
        Who was scored.
    base_rate : float
    rung : str
        Which rung of the ladder answered.
    rule : str
        The naive rule in words.
    acted : int
        Length of either list.
    auc, naive_auc : float
    earned, naive, gain : Metric
        Profit of the model's list, of the rule's list, and the difference, in costs of one action; 95 % intervals
        by resampling entities.
    """

    as_of: int
    rows: int
    base_rate: float
    rung: str
    rule: str
    acted: int
    auc: float
    naive_auc: float
    earned: Metric
    naive: Metric
    gain: Metric

    def to_json(self) -> dict[str, Any]:
        """Plain values; the moment in ISO form."""
        plain = {name: getattr(self, name) for name in ("rows", "base_rate", "rung", "acted", "auc", "naive_auc")}
        money = {name: getattr(self, name).to_json() for name in ("earned", "naive", "gain")}
        return {"as_of": iso(self.as_of), **plain, **money}


@dataclass(frozen=True)
class Backtest:
    """What a model's lists would have earned at past cutoffs, oldest first, and in all."""

    model: str
    costs: Costs
    outcome: str
    horizon_days: int
    replays: Sequence[Replay]
    earned: Metric
    naive: Metric
    gain: Metric

    def to_json(self) -> dict[str, Any]:
        """What ``backtest --json`` prints."""
        return {
            "model": self.model,
            "outcome": self.outcome,
            "horizon_days": self.horizon_days,
            "costs": self.costs.words,
            "cutoffs": [item.to_json() for item in self.replays],
            "total": {name: getattr(self, name).to_json() for name in ("earned", "naive", "gain")},
        }


@dataclass(frozen=True)
class _Lists:
    """Who was on either list at one cutoff, and what each row would have earned."""

    ids: Ids
    earned: Floats
    naive: Floats


def backtest(context: Context, question: Question, *, size: int | None = None, cutoffs: int = CUTOFFS) -> Backtest:
    """Replay past cutoffs of a yes-or-no model.

    Parameters
    ----------
    context : Context
    question : Question
    size : int, optional
        Length of the list; by default everybody for whom acting pays in expectation.
    cutoffs : int
        Past cutoffs at most.

    Raises
    ------
    TrainingError
        If its outcomes carry no times, or no cutoff has outcomes before and after it.
    """
    inputs, course = question.inputs(context), question.course(context)
    first, horizon, as_of = course.begins(context) or 0, course.horizon_days * DAY, course.ends(context)
    moments = _moments(first, as_of, horizon, cutoffs)
    if not moments:
        raise TrainingError.nothing_to_replay(
            question.name, f"its records cover {(as_of - first) // DAY} days, and {2 * course.horizon_days} are needed"
        )
    rows = course.rows_at(context, question.name, question.entity, inputs, moments)
    replays, lists = [], []
    for at in moments[-cutoffs:]:
        before, now = np.flatnonzero(rows.as_of + horizon <= at), np.flatnonzero(rows.as_of == at)
        if min(rows.take(before).rarer, rows.take(now).rarer) < 2:
            continue
        context.progress(f"replaying {iso(at)[:10]}")
        replay, listed = _replay(context, question, inputs, rows.take(before), rows.take(now), horizon, size)
        replays.append(replay)
        lists.append(listed)
    if not replays:
        raise TrainingError.nothing_to_replay(question.name, "no cutoff has outcomes of both kinds before and after it")
    both = [np.concatenate([getattr(item, name) for item in lists]) for name in ("ids", "earned", "naive")]
    whole = _profits(both[0].astype(np.int64), both[1], both[2], seed=context.seed)
    outcome = course.outcome.format(days=course.horizon_days)
    return Backtest(question.name, question.costs, outcome, course.horizon_days, replays, *whole)


def _moments(first: int, as_of: int, horizon: int, cutoffs: int) -> list[int]:
    """Cutoffs that are judged, and before them those that only teach, all the same span apart, oldest first."""
    apart = min(APART, max(horizon // 3, DAY))
    last, earliest = as_of - horizon, first + min(horizon // 3, APART)
    most = cutoffs + horizon // apart + MOST_TAUGHT
    found = [last - place * apart for place in range(most) if last - place * apart >= earliest]
    return sorted(found) if last - horizon >= earliest else []


def _replay(
    context: Context,
    question: Question,
    inputs: Sequence[Input],
    before: Rows,
    now: Rows,
    horizon: int,
    size: int | None,
) -> tuple[Replay, _Lists]:
    split = _split(before, horizon, context.seed)
    kept, _ = telling(before, inputs)
    rule, words = naive(question.name, (question.rule,), kept, rank(before, kept, seed=context.seed))
    teacher = Teacher(kept, rule, context.seed)
    steps = climb(before, split, teacher)
    rung, _ = choose(steps)
    taught = {name: taught_again(before, split, steps[name], teacher) for name in ("rule", rung)}
    given = {
        name: probability(Calibration(step.knots).log_odds(step.fitted.log_odds(now.frame)))
        for name, step in taught.items()
    }
    costs, y = question.costs, now.y
    acted = int((given[rung] >= costs.threshold).sum()) if size is None else min(size, len(now))
    gains = y * costs.gain * costs.success - costs.action
    earned, by_rule = (np.where(_listed(given[name], acted), gains, 0.0) for name in (rung, "rule"))
    one = np.ones((1, len(now)))
    replay = Replay(
        int(now.as_of[0]),
        len(now),
        now.base_rate,
        rung,
        words,
        acted,
        float(auc(y, given[rung], one)[0]),
        float(auc(y, given["rule"], one)[0]),
        *_profits(now.ids, earned, by_rule, seed=context.seed),
    )
    return replay, _Lists(now.ids, earned, by_rule)


def _split(before: Rows, horizon: int, seed: int) -> Split:
    """The latest moment calibrates what earlier ones, whose outcomes it knew, teach; else folds by entity do."""
    latest = before.as_of.max()
    train, calibrate = np.flatnonzero(before.as_of + horizon <= latest), np.flatnonzero(before.as_of == latest)
    held = held_back("time", "", before, (train, calibrate, calibrate))
    return held if held is not None else in_folds("fold", "", before, seed=seed)


def _listed(score: Floats, acted: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    listed = np.zeros(len(score), dtype=bool)
    listed[np.argsort(-score, kind="stable")[:acted]] = True
    return listed


def _profits(ids: Ids, earned: Floats, naive: Floats, *, seed: int) -> tuple[Metric, Metric, Metric]:
    """What was earned with the model's list, with the rule's, and the difference."""
    both = np.stack([earned, naive, earned - naive], axis=1)
    drawn = np.concatenate([weights @ both for weights in draws(ids, seed=seed, rounds=ROUNDS)])
    first, second, third = (interval(float(both[:, place].sum()), drawn[:, place]) for place in range(3))
    return first, second, third
