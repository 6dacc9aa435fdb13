"""Likeness to a group: how much each customer resembles its members, and how well hidden members are found again.

Members are told from all others by a penalised logistic regression on ranks. Everybody's number comes from a model
that has not seen him (five folds), so that a hidden member is judged as somebody outside is. That some outsiders are
like the members does not change the order (Elkan and Noto, 2008, on learning from positive and unlabelled rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import Floats, Metric
from training.measures import auc

FOLDS = 5
MOST_ROWS = 20_000  # of a class that one model learns from
PENALTY = 0.1  # inverse strength, on columns of about one scale

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Check:
    """How well hidden members are found again: the share of them among as many places as members are hidden.

    Attributes
    ----------
    members : int
        Each was hidden once.
    found : Metric
        Found again, by likeness.
    recent : Metric or None
        By the naive rule, the most recent customers first; None where nothing tells who is recent.
    chance : float
        By drawing.
    gain : Metric
        What likeness finds beyond the better of the two.
    auc : float
        How often a hidden member is more alike than somebody outside.
    """

    members: int
    found: Metric
    recent: Metric | None
    chance: float
    gain: Metric
    auc: float

    @property
    def is_better(self) -> bool:
        """Whether likeness finds more than the naive rules, beyond chance."""
        return (self.gain.low or 0.0) > 0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "members": self.members,
            "found_again": self.found.to_json(),
            "most_recent": None if self.recent is None else self.recent.to_json(),
            "chance": self.chance,
            "gain": self.gain.to_json(),
            "auc": self.auc,
            "is_better": self.is_better,
        }

    def words(self) -> str:
        """The check in one sentence."""
        recent = "" if self.recent is None else f"{_share(self.recent)} by taking the most recent customers, "
        told = (
            f"of {self.members:,} members, each hidden once, {_share(self.found)} were found again among as many "
            f"places; {recent}{self.chance:.0%} by chance"
        )
        return told if self.is_better else f"{told}: likeness finds no more than a naive rule, so the list says little"


def likeness(columns: Floats, is_member: Bools, customers: Ints) -> Floats:
    """How much each row resembles the members, 0 to 1; 0.5 resembles both groups alike.

    Parameters
    ----------
    columns : ndarray of float64, shape (rows, columns)
    is_member : ndarray of bool
    customers : ndarray of int64
        The same customer falls into the same fold whoever else is there.
    """
    from sklearn.linear_model import LogisticRegression

    order, fold = _shuffled(customers), folds(customers, is_member)
    found = np.full(len(customers), 0.5)
    for place in range(FOLDS) if columns.shape[1] else ():
        seen = order[fold[order] != place]
        rows = np.concatenate([seen[is_member[seen]][:MOST_ROWS], seen[~is_member[seen]][:MOST_ROWS]])
        model = LogisticRegression(C=PENALTY, class_weight="balanced", solver="newton-cholesky")
        model.fit(columns[rows], is_member[rows])
        found[fold == place] = model.predict_proba(columns[fold == place])[:, 1]
    return found


def folds(customers: Ints, is_member: Bools) -> Ints:
    """The fold of each row, 0 to 4; members and others are dealt out separately.

    Examples
    --------
    >>> np.bincount(folds(np.arange(20), np.arange(20) < 10)).tolist()
    [4, 4, 4, 4, 4]
    """
    fold = np.zeros(len(customers), dtype=np.int64)
    order = _shuffled(customers)
    for chosen in (order[is_member[order]], order[~is_member[order]]):
        fold[chosen] = np.arange(len(chosen)) % FOLDS
    return fold


def _shuffled(customers: Ints) -> Ints:
    """Places of the rows in an order that has nothing to do with ids, the same on every day (Fibonacci hashing)."""
    mixed = customers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.argsort((mixed << np.uint64(32)) | (mixed >> np.uint64(32)), kind="stable")


def check(alike: Floats, recency: Floats | None, is_member: Bools, customers: Ints) -> Check:
    """Hide each member once, and see how many are among the first places of their fold.

    Parameters
    ----------
    alike : ndarray of float64
        As `likeness` gives it.
    recency : ndarray of float64, optional
        Days since something; NaN where it never was.
    """
    fold = folds(customers, is_member)
    found = _found(alike, is_member, fold)
    chance = float(is_member.mean())
    recent = None if recency is None else _found(np.where(np.isfinite(recency), -recency, -np.inf), is_member, fold)
    naive = recent if recent is not None and recent.mean() > chance else np.full(len(found), chance)
    area = float(auc(is_member.astype(np.float64), alike, np.ones((1, len(alike))))[0])
    shown = None if recent is None else _mean(recent)
    return Check(len(found), _mean(found), shown, chance, _mean(found - naive), area)


def _found(score: Floats, is_member: Bools, fold: Ints) -> Floats:
    """For each member, his share in the first places of his fold: 1 within, 0 beyond, a part where the edge is tied."""
    told = np.zeros(len(score))
    for place in range(FOLDS):
        here, hidden = fold == place, (fold == place) & is_member
        places = int(hidden.sum())
        if not places:
            continue
        edge = np.sort(score[here])[-places]
        above, tied = int((score[here] > edge).sum()), int((score[here] == edge).sum())
        told[hidden] = np.where(score[hidden] > edge, 1.0, np.where(score[hidden] == edge, (places - above) / tied, 0))
    return told[is_member]


def _mean(values: Floats) -> Metric:
    """A mean with its 95 % interval, the members being a sample."""
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    return Metric(mean, mean - 1.96 * error, mean + 1.96 * error)


def _share(metric: Metric) -> str:
    low, high = max(metric.low or 0.0, 0.0), min(1.0 if metric.high is None else metric.high, 1.0)
    return f"{metric.value:.0%} ({low:.0%} to {high:.0%})"
