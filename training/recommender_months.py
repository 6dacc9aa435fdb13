"""Whether a recipe is as good month after month, and whether its lists and customers stay the same ones.

Besides the judged slice these are the one before, on which the recipe was tried, and the one before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from crm.clock import iso, short
from scoring import Floats, Metric
from scoring.ranker import Recipe
from training.grading import stability_index
from training.recipes import sources
from training.recommender_grading import mean
from training.trials import Marks, judge

if TYPE_CHECKING:
    from training.recommending import Past

MONTHS = 3
SHARES = 10  # into which the stability index cuts the scores


@dataclass(frozen=True)
class Month:
    """A recipe on one slice, taught on what was known before it.

    Attributes
    ----------
    at : int
        The slice's moment (µs).
    ndcg : float
        NDCG@10 over all items.
    gain : Metric
        By how much that exceeds the naive rule's; paired.
    best : ndarray of float64, shape (customers,)
        Score of the first item of each list.
    returned : float
        Share of the customers with a purchase before who bought again within the slice.
    """

    at: int
    ndcg: float
    gain: Metric
    best: Floats
    returned: float

    def to_json(self) -> dict[str, Any]:
        """Plain values; of the best scores their median."""
        return {
            "ndcg_10": self.ndcg,
            "gain": self.gain.to_json(),
            "best_score": float(np.median(self.best)),
            "returned": self.returned,
            "customers": len(self.best),
        }


def months(past: Past, recipe: Recipe, rival: str, chosen: Marks) -> list[Month]:
    """The recipe on the last slices, oldest first; `chosen` are its marks on the last.

    Parameters
    ----------
    past : Past
    recipe : Recipe
    rival : str
        The naive rule, one of `sources`.
    chosen : Marks
    """
    rule = sources(recipe)[rival]
    found: list[Month] = []
    for place, part in enumerate(past.slices[:MONTHS]):
        own = past.judged(recipe, place) if place else chosen
        gain = mean(own.ndcg - judge(part, rule).ndcg, part.customers, past.seed)
        found.insert(0, Month(part.at, float(own.ndcg.mean()), gain, own.best, part.returned))
    return found


def stability(found: Sequence[Month], rival: str) -> str:
    """How far the gains of the months lie apart, in words.

    Examples
    --------
    >>> gains = (Metric(0.02, 0.01, 0.03), Metric(0.03, 0.02, 0.04))
    >>> stability([Month(0, 0.3, gain, np.ones(9), 0.5) for gain in gains], "best sellers")
    'stability: gain over best sellers by month +0.020, +0.030, which spreads by 0.005 more than chance explains'
    """
    values = np.array([month.gain.value for month in found])
    errors = np.array([_error(month.gain) for month in found])
    beyond = float(np.sqrt(max(values.var(ddof=1) - (errors**2).mean(), 0.0)))
    shown = ", ".join(f"{value:+.3f}" for value in values)
    return f"stability: gain over {rival} by month {shown}, which spreads by {beyond:.3f} more than chance explains"


def drift(found: Sequence[Month]) -> str:
    """How far the lists' best scores and the share of customers who bought again moved, first to last, in words.

    Examples
    --------
    >>> same = [Month(0, 0.3, Metric(0.0), np.arange(900.0), share) for share in (0.5, 0.25)]
    >>> drift(same)
    "drift: stability index of the lists' best scores 0.000 (0.020 by chance), bought again 50.0% → 25.0% of customers"
    """
    first, last = found[0], found[-1]
    moved = stability_index(first.best, last.best)
    by_chance = (SHARES - 1) * (1 / len(first.best) + 1 / len(last.best))
    return (
        f"drift: stability index of the lists' best scores {moved:.3f} ({by_chance:.3f} by chance), bought again "
        f"{first.returned:.1%} → {last.returned:.1%} of customers"
    )


def lost(found: Sequence[Month], rival: str) -> str:
    """In which earlier month the recipe was proven worse than the rule; empty where in none."""
    worse = [month for month in found[:-1] if month.gain.high is not None and month.gain.high < 0]
    return f"worse than {rival} in the 30 days from {short(worse[0].at)}" if worse else ""


def table(found: Sequence[Month]) -> dict[str, dict[str, Any]]:
    """The months by the day on which each begins."""
    return {iso(month.at)[:10]: month.to_json() for month in found}


def _error(gain: Metric) -> float:
    """Standard error, from the 95 % interval."""
    return 0.0 if gain.low is None or gain.high is None else (gain.high - gain.low) / (2 * 1.96)
