"""How good probabilities are, for many weightings of the rows at once.

Every measure takes the outcome, the score and weights of shape ``(replicates, rows)`` and gives one value
per replicate: a row of ones is the measure itself, rows drawn for a bootstrap give its interval.
"""

from __future__ import annotations

import numpy as np

from scoring import Floats

SMALLEST = 1e-15
BINS = 15


def auc(y: Floats, score: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve; ties count half. NaN where a class is absent.

    Examples
    --------
    >>> auc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]), np.ones((1, 3))).tolist()
    [0.75]
    """
    return _area(*_grouped(y, score, weights))


def _area(positive: Floats, negative: Floats) -> Floats:
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = (positive * below).sum(axis=1) / np.where(pairs > 0, pairs, np.nan)
    return result


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
    return _precision(*_grouped(y, score, weights))


def _precision(positive: Floats, negative: Floats) -> Floats:
    positive, negative = positive[:, ::-1], negative[:, ::-1]
    hits = np.cumsum(positive, axis=1)
    listed = hits + np.cumsum(negative, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(listed > 0, hits / np.where(listed > 0, listed, 1), 0.0)
        total = positive.sum(axis=1)
        result: Floats = (positive * precision).sum(axis=1) / np.where(total > 0, total, np.nan)
    return result


def lift_10(y: Floats, score: Floats, weights: Floats) -> Floats:
    """How many times more often the outcome happens in the highest tenth than on average.

    Examples
    --------
    >>> lift_10(np.array([1.0] + [0.0] * 9), np.arange(10.0)[::-1], np.ones((1, 10))).tolist()
    [10.0]
    """
    return _tenth(*_grouped(y, score, weights))


def _tenth(positive: Floats, negative: Floats) -> Floats:
    positive, negative = positive[:, ::-1], negative[:, ::-1]
    both = positive + negative
    room = np.clip(0.1 * both.sum(axis=1, keepdims=True) - (np.cumsum(both, axis=1) - both), 0, both)
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = (positive * room / np.where(both > 0, both, 1)).sum(axis=1)
        result: Floats = hits / (0.1 * positive.sum(axis=1))
    return result


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
    """All measures by name; the rows are sorted and weighed once for those that rank.

    Examples
    --------
    >>> y, score, one = np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.9]), np.ones((1, 3))
    >>> bool(every(y, score, one)["auc"] == auc(y, score, one))
    True
    """
    groups = _grouped(y, score, weights)
    return {
        "auc": _area(*groups),
        "average_precision": _precision(*groups),
        "brier": brier(y, score, weights),
        "log_loss": log_loss(y, score, weights),
        "lift_10": _tenth(*groups),
        "ece": ece(y, score, weights),
    }


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


def _grouped(y: Floats, score: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weights of positives and negatives per distinct score, in rising order of score."""
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    placed = weights[:, order]
    positive = placed * y[order]
    if len(starts) == len(y):  # all scores differ: nothing to add up
        return positive, placed - positive
    positive = np.add.reduceat(positive, starts, axis=1)
    return positive, np.add.reduceat(placed, starts, axis=1) - positive


def _average(values: Floats, weights: Floats) -> Floats:
    result: Floats = weights @ values / weights.sum(axis=1)
    return result
