"""Clusters or the RFM rule: what is stable in one period, and what it foretells of the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from scoring import Floats, Frame, Metric
from scoring.grouping import Clusters, Grouping, Places, RfmRule
from training import rfm
from training.clusters import FEWEST, MOST, Stability, grouping, scale, stability
from training.intervals import draws, interval
from training.rows import Ids
from training.worth import Worth, worth

Columns: TypeAlias = Sequence[tuple[str, str | None]]
Keys: TypeAlias = tuple[str, str, str]

FEWEST_CUSTOMERS = 100  # below, nothing but the rule is tried
NEAR = 0.05  # of the best worth: among stable numbers of clusters the smallest that comes so near


@dataclass(frozen=True)
class Period:
    """The eligible customers at a moment, and what they spent afterwards.

    Attributes
    ----------
    at : int
        The moment (µs).
    ids : ndarray of int64, shape (n,)
    frame : mapping of str to ndarray
    later : ndarray of float64, shape (n,)
        Logged outcome of the time after the moment; empty where it is not known yet.
    """

    at: int
    ids: Ids
    frame: Frame
    later: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Study:
    """What was tried on the first period, and how it did in the second.

    Attributes
    ----------
    rung : {"clusters", "rule"}
    reasons : list of str
        Why this rung, in sentences.
    grouping, rule : Grouping
        As learned on the first period.
    stabilities : sequence of Stability
    chosen : Worth
        Of the rung, in the second period.
    beside : Worth
        Of the RFM rule, in the second period.
    """

    rung: str
    reasons: list[str]
    grouping: Clusters | RfmRule
    rule: RfmRule
    stabilities: Sequence[Stability]
    chosen: Worth
    beside: Worth

    def figures(self, ids: Ids, *, seed: int) -> dict[str, Metric]:
        """``explained`` and ``gain`` with their intervals."""
        return {
            "explained": self.chosen.explained(ids, seed=seed),
            "gain": gain(self.chosen.merit, self.beside.merit, self.beside.plain, ids, seed=seed),
        }


@dataclass(frozen=True)
class Trial:
    """Clusters of one number, with how stable and how foretelling they are on the first period."""

    stability: Stability
    grouping: Clusters
    explained: float


def study(first: Period, second: Period, columns: Columns, keys: Keys, *, seed: int) -> Study:
    """Try clusters on the first period, choose, and judge on the second.

    Parameters
    ----------
    first, second : Period
        Both with a known outcome; the first one's ends before the second begins.
    columns : sequence of (str, str or None)
        What clusters look at: a feature, or a feature per another.
    keys : tuple of str
        References of recency, frequency and money.
    seed : int
    """
    rule = rfm.rule(first.frame, *keys)
    trials = attempts(first, columns, seed=seed)
    stable = [trial for trial in trials if trial.stability.is_stable]
    beside = _judge(rule, first, second)
    stabilities = [trial.stability for trial in trials]
    if not stable:
        return Study("rule", _unstable(trials), rule, rule, stabilities, beside, beside)
    best = max(trial.explained for trial in stable)
    chosen = next(trial for trial in stable if trial.explained >= best - NEAR * abs(best))
    own = halves(rule.place(first.frame), first.later, len(rule.names), seed=seed)
    if chosen.explained <= own:
        reason = (
            f"the best stable clusters ({chosen.stability.words}) foretell {chosen.explained:.1%} of the later spread, "
            f"the RFM rule {own:.1%}; the rule answers"
        )
        return Study("rule", [reason], rule, rule, stabilities, beside, beside)
    reasons = [
        f"{chosen.stability.words}, which is stable",
        f"on the first period they foretell {chosen.explained:.1%} of the later spread, the RFM rule {own:.1%}",
    ]
    judged = _judge(chosen.grouping, first, second)
    return Study("clusters", reasons, chosen.grouping, rule, stabilities, judged, beside)


def attempts(period: Period, columns: Columns, *, seed: int) -> list[Trial]:
    """Clusters of every number that makes sense; empty when too few customers or columns tell anything."""
    scales = scale(period.frame, columns)
    if len(scales) < 2 or len(period) < FEWEST_CUSTOMERS:
        return []
    found = []
    for count in range(FEWEST, MOST + 1):
        groups = grouping(period.frame, scales, count, seed=seed)
        stood = stability(groups.matrix(period.frame), count, seed=seed, centres=groups.centres)
        found.append(Trial(stood, groups, halves(groups.place(period.frame), period.later, count, seed=seed)))
    return found


def halves(places: Places, later: Floats, count: int, *, seed: int) -> float:
    """Explained share of the outcome, each half of the customers judged by means learned on the other."""
    side = np.random.default_rng(seed).permutation(len(later)) % 2 == 0
    parts = [worth(places[half], later[half], places[~half], later[~half], count) for half in (side, ~side)]
    merit, plain = (sum(float(getattr(part, name).sum()) for part in parts) for name in ("merit", "plain"))
    return 1.0 - merit / plain if plain else 0.0


def gain(merit: Floats, beside: Floats, plain: Floats, ids: Ids, *, seed: int) -> Metric:
    """By how much more of the spread one grouping foretells than another, paired."""

    def share(weights: Floats) -> Floats:
        result: Floats = -(weights @ (merit - beside)) / np.minimum(weights @ plain, -1e-300)
        return result

    drawn = np.concatenate([share(weights) for weights in draws(ids, seed=seed, rounds=300)])
    return interval(float(share(np.ones((1, len(merit))))[0]), drawn)


def renew(found: Clusters | RfmRule, now: Frame, columns: Columns, *, seed: int) -> Clusters | RfmRule:
    """The same kind of grouping, learned on the present customers; clusters begin where they were."""
    if isinstance(found, RfmRule):
        return rfm.rule(now, found.recency, found.frequency, found.money)
    scales = scale(now, columns)
    places, count = found.place(now), len(found.centres)
    if len(scales) < 2 or len(np.unique(places)) < count:
        return found
    matrix = Clusters(scales, np.empty((0, len(scales)))).matrix(now)
    start = np.stack([matrix[places == place].mean(axis=0) for place in range(count)])
    return grouping(now, scales, count, seed=seed, start=start)


def _judge(found: Grouping, first: Period, second: Period) -> Worth:
    before, after = found.place(first.frame), found.place(second.frame)
    count = int(max(before.max(initial=0), after.max(initial=0))) + 1
    return worth(before, first.later, after, second.later, count)


def _unstable(trials: Sequence[Trial]) -> list[str]:
    if not trials:
        return ["too few customers or columns for clusters; the RFM rule answers"]
    nearest = max(trials, key=lambda trial: (trial.stability.agreement, -trial.stability.count))
    return [f"no number of clusters is stable (best: {nearest.stability.words}); the RFM rule answers"]
