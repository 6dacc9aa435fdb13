"""How good probabilities are, for many weightings of the rows at once.

Every measure takes the outcome, the score and weights of shape ``(replicates, rows)`` and gives one value
per replicate: a row of ones is the measure itself, rows drawn for a bootstrap give its interval.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scoring import Floats
from scoring.lift import lift

SMALLEST = 1e-15
BINS = 15


class Ranking:
    """Rows from the highest score down, equal scores taken together: sorted once, weighed as often as wanted.

    Parameters
    ----------
    y, score : ndarray of float64, shape (rows,)
    """

    def __init__(self, y: Floats, score: Floats) -> None:
        self._order = np.argsort(-score, kind="stable")
        self._y = y[self._order]
        ordered = score[self._order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._starts = None if len(starts) == len(y) else starts  # all scores differ: nothing to add up

    def weighed(self, weights: Floats) -> Weighed:
        """The rows under weights of shape (replicates, rows)."""
        both = weights[:, self._order]
        positive = both * self._y
        if self._starts is not None:
            both = np.add.reduceat(both, self._starts, axis=1)
            positive = np.add.reduceat(positive, self._starts, axis=1)
        return Weighed(positive, both)


class Weighed:
    """Weights of positives and of all rows per distinct score, from the highest down, shape (replicates, scores)."""

    def __init__(self, positive: Floats, both: Floats) -> None:
        self.positive, self.both = positive, both
        self.hits, self.listed = np.cumsum(positive, axis=1), np.cumsum(both, axis=1)
        self.positives, self.all = positive.sum(axis=1), both.sum(axis=1)

    def auc(self) -> Floats:
        """Area under the ROC curve."""
        negatives = self.all - self.positives
        below = negatives[:, None] - self.listed + self.hits + (self.both - self.positive) / 2
        pairs = self.positives * negatives
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Floats = np.einsum("ij,ij->i", self.positive, below) / np.where(pairs > 0, pairs, np.nan)
        return result

    def average_precision(self) -> Floats:
        """Mean precision over the positives."""
        precision = np.divide(self.hits, self.listed, out=np.zeros_like(self.hits), where=self.listed > 0)
        found = np.einsum("ij,ij->i", self.positive, precision)
        result: Floats = found / np.where(self.positives > 0, self.positives, np.nan)
        return result

    def lift_10(self) -> Floats:
        """Rate of the highest tenth over the rate of all."""
        reach = 1 + int(
            (self.listed < 0.1 * self.all[:, None]).sum(axis=1).max(initial=0)
        )  # below is in nobody's tenth
        return lift(self.positive[:, :reach], self.both[:, :reach], self.positives, self.all, 0.1)


def auc(y: Floats, score: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve; ties count half. NaN where a class is absent.

    Examples
    --------
    >>> auc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]), np.ones((1, 3))).tolist()
    [0.75]
    """
    return Ranking(y, score).weighed(weights).auc()


def auc_error(y: Floats, score: Floats) -> float:
    """Standard error of an AUC by Hanley and McNeil (1982).

    Examples
    --------
    >>> round(auc_error(np.array([0.0, 1.0] * 50), np.tile([0.2, 0.1, 0.3, 0.4], 25)), 3)
    0.058
    """
    area = float(auc(y, score, np.ones((1, len(y))))[0])
    positive, negative = float(y.sum()), float((1 - y).sum())
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positive - 1) * (first - area**2) + (negative - 1) * (second - area**2)
    return float(np.sqrt(max(spread, 0.0) / (positive * negative)))


def average_precision(y: Floats, score: Floats, weights: Floats) -> Floats:
    """Mean precision over the positives, from the highest score down; equal scores are taken together.

    Examples
    --------
    >>> average_precision(np.array([0.0, 1.0]), np.array([0.1, 0.9]), np.ones((1, 2))).tolist()
    [1.0]
    """
    return Ranking(y, score).weighed(weights).average_precision()


def lift_10(y: Floats, score: Floats, weights: Floats) -> Floats:
    """How many times more often the outcome happens in the highest tenth than on average.

    Examples
    --------
    >>> lift_10(np.array([1.0] + [0.0] * 9), np.arange(10.0)[::-1], np.ones((1, 10))).tolist()
    [10.0]
    """
    return Ranking(y, score).weighed(weights).lift_10()


def brier(y: Floats, score: Floats, weights: Floats) -> Floats:
    """Mean squared distance between probability and outcome."""
    return _average((score - y) ** 2, weights)


def log_loss(y: Floats, score: Floats, weights: Floats) -> Floats:
    """Mean of minus the log of the probability that was given to what happened."""
    return _average(losses(y, score), weights)


def losses(y: Floats, score: Floats) -> Floats:
    """Log loss of each row."""
    bounded = np.clip(score, SMALLEST, 1 - SMALLEST)
    result: Floats = -(y * np.log(bounded) + (1 - y) * np.log1p(-bounded))
    return result


def ece(y: Floats, score: Floats, weights: Floats) -> Floats:
    """Expected calibration error: mean distance between probability and rate over 15 bins of equal mass.

    Examples
    --------
    >>> ece(np.array([0.0, 1.0]), np.array([0.5, 0.5]), np.ones((1, 2))).tolist()
    [0.5]
    """
    order = np.argsort(score, kind="stable")
    starts = _starts(len(y))
    gap = np.add.reduceat((weights * (y - score))[:, order], starts, axis=1)
    result: Floats = np.abs(gap).sum(axis=1) / weights.sum(axis=1)
    return result


def every(y: Floats, score: Floats, weights: Floats) -> dict[str, Floats]:
    """All measures by name.

    Examples
    --------
    >>> y, score, one = np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]), np.ones((1, 3))
    >>> bool(every(y, score, one)["auc"] == auc(y, score, one))
    True
    """
    return drawn(y, score, [weights]) | {"ece": ece(y, score, weights)}


def drawn(y: Floats, score: Floats, blocks: Iterable[Floats]) -> dict[str, Floats]:
    """All measures of which replicates make an interval, over blocks of weights; the rows are sorted once.

    Drawing rows again adds calibration error of its own, so the `ece` is not among them.

    Examples
    --------
    >>> y, score, one = np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]), np.ones((1, 3))
    >>> drawn(y, score, [one, one])["auc"].tolist()
    [0.75, 0.75]
    """
    ranking, distances, lost = Ranking(y, score), (score - y) ** 2, losses(y, score)
    found: dict[str, list[Floats]] = {}
    for weights in blocks:
        weighed = ranking.weighed(weights)
        block = {
            "auc": weighed.auc(),
            "average_precision": weighed.average_precision(),
            "brier": weights @ distances / weighed.all,
            "log_loss": weights @ lost / weighed.all,
            "lift_10": weighed.lift_10(),
        }
        for name, values in block.items():
            found.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def simulated_ece(score: Floats, *, seed: int, rounds: int = 200) -> Floats:
    """ECE that a perfectly calibrated model with these scores would show: one value per simulated outcome.

    Examples
    --------
    >>> bool(simulated_ece(np.full(100, 0.5), seed=1).mean() > 0.05)
    True
    """
    ordered = np.sort(score)
    starts = _starts(len(score))
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        outcome = draw.random(len(score)) < ordered
        found.append(float(np.abs(np.add.reduceat(outcome - ordered, starts)).sum() / len(score)))
    return np.array(found)


def _starts(rows: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.unique(np.linspace(0, rows, min(BINS, rows), endpoint=False).astype(np.intp))


def _average(values: Floats, weights: Floats) -> Floats:
    result: Floats = weights @ values / weights.sum(axis=1)
    return result
