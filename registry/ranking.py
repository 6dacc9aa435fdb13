"""How well scores rank and hit, under row weights: the figures that the gate resamples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from registry.resampling import Weights
from scoring.lift import lift

BINS = 15


class Ranking:
    """Scores of rows with a yes-or-no outcome, sorted once so that each weighting costs a few passes.

    Parameters
    ----------
    y : ndarray of bool, shape (n,)
        Outcomes; both occur.
    score : ndarray of float64, shape (n,)
        Any finite numbers for ranking; probabilities where calibration is asked.

    Examples
    --------
    >>> y = np.array([False, False, True, True])
    >>> ranking = Ranking(y, np.array([0.1, 0.4, 0.35, 0.8]))
    >>> ones = np.ones(4, dtype=np.uint8)
    >>> ranking.auc(ones), ranking.lift(ones, 0.25)
    (0.75, 2.0)
    """

    def __init__(self, y: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> None:
        negatives, positives = np.flatnonzero(~y), np.flatnonzero(y)
        self._negatives = negatives[np.argsort(score[negatives])]
        self._positives = positives[np.argsort(score[positives])]
        below = score[self._negatives]
        self._less = np.searchsorted(below, score[self._positives], side="left")
        self._less_or_equal = np.searchsorted(below, score[self._positives], side="right")
        # Ties at the ends of the bins are broken by a fixed shuffle: the order of the rows may follow the outcome.
        shuffle = np.random.default_rng(0).permutation(len(score))
        self._order = np.lexsort((shuffle, -score))
        ordered = score[self._order]
        self._hits = y[self._order].astype(np.int64)
        self._residuals = ordered - y[self._order]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._edges = np.unique(np.arange(BINS) * len(score) // BINS)

    def auc(self, weights: Weights) -> float:
        """Chance that a positive outranks a negative, ties half; NaN when either has no weight."""
        passed = np.zeros(len(self._negatives) + 1, dtype=np.int64)
        np.cumsum(weights[self._negatives], out=passed[1:])
        counts = weights[self._positives].astype(np.int64)  # whole numbers: no threads start for a product
        total = int(counts.sum()) * int(passed[-1])
        if not total:
            return float("nan")
        return int(counts @ (passed[self._less] + passed[self._less_or_equal])) / 2 / total

    def lift(self, weights: Weights, share: float) -> float:
        """Outcome rate in the best `share` of the rows over that of all, as cards tell it; NaN without any outcome."""
        counts = weights[self._order]
        reached = np.cumsum(counts, dtype=np.int64)
        last = int(np.searchsorted(self._starts, np.searchsorted(reached, share * reached[-1]), side="right"))
        end = self._starts[last] if last < len(self._starts) else len(counts)  # with all that tie at the list's end
        both = np.add.reduceat(counts[:end].astype(np.float64), self._starts[:last])
        positive = np.add.reduceat((counts[:end] * self._hits[:end]).astype(np.float64), self._starts[:last])
        totals = np.array([[counts @ self._hits], [reached[-1]]], dtype=np.float64)
        return float(lift(positive[None], both[None], totals[0], totals[1], share)[0])

    def calibration_error(self, weights: Weights) -> float:
        """Mean distance of probability and outcome over 15 bins of equal mass (ECE)."""
        counts = weights[self._order]
        sums = np.add.reduceat(counts * self._residuals, self._edges)
        return float(np.abs(sums).sum() / max(int(counts.sum(dtype=np.int64)), 1))
