"""The lift of a list: how many times more often the outcome happens on it than on average."""

from __future__ import annotations

import numpy as np

from scoring.model import Floats


def lift(positive: Floats, both: Floats, positives: Floats, rows: Floats, share: float) -> Floats:
    """Rate of the outcome among the best `share` of the rows over the rate of all; the one rule for ties.

    Rows of equal score, of which only some have room on the list, count with the part that has.

    Parameters
    ----------
    positive, both : ndarray of float64, shape (replicates, scores)
        Weights of the rows with the outcome, and of all rows, per distinct score from the highest down; scores below
        every replicate's list may be left out.
    positives, rows : ndarray of float64, shape (replicates,)
        The same weights over all scores.
    share : float
        Length of the list as a share of all weight.

    Returns
    -------
    ndarray of float64, shape (replicates,)
        NaN without any outcome.

    Examples
    --------
    >>> positive, both = np.array([[1.0, 1.0]]), np.array([[1.0, 9.0]])
    >>> lift(positive, both, np.array([2.0]), np.array([10.0]), 0.2).round(3).tolist()  # (1 + 1/9) / (0.2 * 2)
    [2.778]
    """
    above = np.cumsum(both, axis=1) - both
    room = np.clip(share * rows[:, None] - above, 0, both)
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = (positive * room / np.where(both > 0, both, 1)).sum(axis=1)
        result: Floats = hits / np.where(positives > 0, share * positives, np.nan)
    return result
