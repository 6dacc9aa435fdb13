"""From a core's log-odds to calibrated log-odds, through stored knots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scoring.model import Floats


class Calibration:
    """A monotone, piecewise linear map in log-odds.

    Parameters
    ----------
    knots : mapping
        ``{"method": "none" | "sigmoid" | "isotonic", "x": [...], "y": [...]}``, both in log-odds and
        increasing. Two knots of ``sigmoid`` make a straight line that goes on beyond them; ``isotonic``
        is level beyond its ends.

    Examples
    --------
    >>> Calibration({"method": "sigmoid", "x": [0.0, 1.0], "y": [1.0, 3.0]}).log_odds(np.array([2.0])).tolist()
    [5.0]
    """

    def __init__(self, knots: Mapping[str, Any]) -> None:
        self.method = str(knots["method"])
        self.x = np.array(knots["x"], dtype=np.float64)
        self.y = np.array(knots["y"], dtype=np.float64)

    def log_odds(self, raw: Floats) -> Floats:
        """Calibrated log-odds of uncalibrated ones."""
        if self.method == "none":
            return raw
        if self.method == "sigmoid":
            slope = (self.y[1] - self.y[0]) / (self.x[1] - self.x[0])
            result: Floats = self.y[0] + slope * (raw - self.x[0])
            return result
        return np.interp(raw, self.x, self.y)

    def stretch(self, raw: Floats, base: float) -> tuple[Floats, float]:
        """How contributions around `base` scale so that they add up to the calibrated log-odds.

        Returns
        -------
        factors : ndarray, shape (rows,)
            Slope of the straight line between the base and the row's own point.
        base : float
            The calibrated base.
        """
        calibrated_base = float(self.log_odds(np.array([base]))[0])
        distance = raw - base
        near = np.abs(distance) < 1e-9
        rise = self.log_odds(raw) - calibrated_base
        return np.where(near, 1.0, rise / np.where(near, 1.0, distance)), calibrated_base


def probability(log_odds: Floats) -> Floats:
    """``1 / (1 + exp(-x))`` without overflow.

    Examples
    --------
    >>> probability(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1.0 + small)


def log_odds_of(probabilities: Floats) -> Floats:
    """``log(p / (1 - p))``.

    Examples
    --------
    >>> log_odds_of(np.array([0.5])).tolist()
    [0.0]
    """
    result: Floats = np.log(probabilities) - np.log1p(-probabilities)
    return result
