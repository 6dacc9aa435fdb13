"""From probabilities to action: the threshold at which acting pays, and the bands by which people speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs.costs import NAME, Stated
from scoring import Floats


@dataclass(frozen=True)
class Costs:
    """What acting costs and brings, in units of one action.

    Attributes
    ----------
    action : float
        Cost of acting on one row, whatever happens.
    gain : float
        Worth of one outcome turned (a customer kept, a lead won).
    success : float
        Share of outcomes that one action turns, 0..1.
    words : str
        The same as a sentence, for the card.

    Examples
    --------
    >>> Costs(1.0, 30.0, 0.1, "a contact costs 1").threshold
    0.3333333333333333
    """

    action: float
    gain: float
    success: float
    words: str

    @classmethod
    def stated(cls, told: Stated) -> Costs:
        """Costs that an operator states, with the sentence that says so.

        Examples
        --------
        >>> Costs.stated(Stated(2.0, 80.0, 0.125)).words
        'as costs.yaml states, acting costs 2, an outcome turned brings 80, and 12.5% of actions turn one'
        """
        words = (
            f"as {NAME} states, acting costs {told.action:g}, an outcome turned brings {told.gain:g}, and "
            f"{100 * told.success:g}% of actions turn one"
        )
        return cls(told.action, told.gain, told.success, words)

    @property
    def threshold(self) -> float:
        """The probability from which on acting has a positive expected profit."""
        return min(self.action / (self.gain * self.success), 1.0)

    def profit(self, y: Floats, score: Floats) -> tuple[Floats, Floats]:
        """Profit of acting on the highest scores, by how many are acted on.

        Returns
        -------
        share, profit : ndarray, shape (n,)
        """
        order = np.argsort(-score, kind="stable")
        count = np.arange(1, len(y) + 1)
        return count / len(y), np.cumsum(y[order]) * self.gain * self.success - count * self.action


@dataclass(frozen=True)
class BandNames:
    """Bands from the lowest scores to the highest, with the share of rows that each is to hold.

    Examples
    --------
    >>> names = BandNames((("low", 0.5), ("high", 0.5)))
    >>> names.cut(np.array([0.1, 0.2, 0.3, 0.4]))
    [{'name': 'low', 'from': 0.0}, {'name': 'high', 'from': 0.3}]
    """

    shares: Sequence[tuple[str, float]]

    def cut(self, scores: Floats) -> list[dict[str, Any]]:
        """Bands with the score at which each starts, as `scoring.bands.Bands` reads them.

        Bands that no score would reach, because many rows share one score, are left out.
        """
        ordered = np.sort(scores)
        bands: list[dict[str, Any]] = [{"name": self.shares[0][0], "from": 0.0}]
        below = self.shares[0][1]
        for name, share in self.shares[1:]:
            start = float(f"{ordered[min(int(np.ceil(below * len(ordered))), len(ordered) - 1)]:.6g}")
            if start > bands[-1]["from"]:
                bands.append({"name": name, "from": start})
            below += share
        return bands
