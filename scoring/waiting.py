"""How long something takes, learned from entities that were followed until it came or as far as records went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scoring.model import Floats

FEWEST = 10  # longer waits that an expectation of the rest of one rests on
EARLY, MIDDLE, LATE = 0.1, 0.5, 0.9  # shares of what comes by the beginning, middle and end of a told span


class Waits:
    """A distribution of waiting times.

    Parameters
    ----------
    days : sequence of float
        Rising, each as probable as any other.
    never : float
        Probability that it takes longer than anybody was followed.

    Examples
    --------
    >>> waits = Waits([*range(10), *range(40, 60)])
    >>> waits.rest(np.array([39.5, 50.0])).tolist()
    [10.0, nan]
    """

    def __init__(self, days: Sequence[float], never: float = 0.0) -> None:
        self.known = 1.0 - never
        self._days = np.array(days, dtype=np.float64)
        self._sums = np.append(np.cumsum(self._days[::-1])[::-1], 0.0)
        middles = (np.arange(len(self._days)) + 0.5) / max(len(self._days), 1)
        self._shares = np.concatenate([[0.0], middles, [1.0]]) * self.known
        self._at = np.concatenate([[0.0], self._days, self._days[-1:]]) if len(self._days) else np.zeros(2)

    def rest(self, age: Floats) -> Floats:
        """Mean days still to come of the waits that took longer than `age`; NaN where fewer than ten did."""
        first = np.searchsorted(self._days, age, side="right")
        longer = len(self._days) - first
        enough = np.isfinite(age) & (longer >= FEWEST)
        rest = self._sums[np.where(enough, first, -1)] / np.where(enough, longer, 1) - age
        return np.where(enough, rest, np.nan)

    def share(self, days: float) -> float:
        """Probability that it comes within so many days."""
        return float(np.interp(days, self._at, self._shares))

    def by(self, share: Floats) -> Floats:
        """Days within which it comes with probability `share`; NaN where nobody was followed for so long."""
        return np.where(share <= self.known, np.interp(share, self._shares, self._at), np.nan)


class Timing:
    """When an outcome comes, from its probability within the horizon and the waits of everybody.

    The waits of a row are those of everybody with hazards in proportion, so that its probability within the horizon is
    its score: ``S(t) = S0(t) ** (log(1 - score) / log(S0(horizon)))``. Source: D. R. Cox, Regression Models and
    Life-Tables, 1972.

    Parameters
    ----------
    policy : mapping
        ``{"days", "never": as Waits takes them, "horizon_days", "words"}``; no days where too few outcomes were seen.

    Examples
    --------
    >>> timing = Timing({"days": [*range(1, 101)], "never": 0.0, "horizon_days": 50, "words": ""})
    >>> {name: days.round(1).tolist() for name, days in timing.expected(np.array([0.5, 0.9])).items()}
    {'expected_days': [50.0, 19.1], 'days_low': [10.4, 3.6], 'days_high': [90.2, 50.0]}
    """

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self.words = str(policy["words"])
        self._has_days = bool(policy["days"])
        self._waits = Waits(policy["days"], float(policy["never"]))
        self._still = np.log1p(-self._waits.share(float(policy["horizon_days"])))

    def by(self, scores: Floats, share: float) -> Floats:
        """Days within which each outcome comes with probability `share`; NaN where nobody was followed for so long."""
        if not self._has_days:
            return np.full(len(scores), np.nan)
        with np.errstate(divide="ignore"):
            power = np.log1p(-scores) / self._still
            return self._waits.by(-np.expm1(np.log1p(-share) / power))

    def expected(self, scores: Floats) -> dict[str, Floats]:
        """The days by which the outcome comes as probably as not, and the span that holds it in eight cases of ten."""
        shares = {"expected_days": MIDDLE, "days_low": EARLY, "days_high": LATE}
        return {name: self.by(scores, share) for name, share in shares.items()}
