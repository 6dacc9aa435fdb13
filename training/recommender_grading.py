"""How a recommender is graded: against the better of two naive rules over all items, best sellers over new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scoring import Floats, Metric, Naive
from scoring.candidate import Grade
from scoring.ranker import Recipe
from training.intervals import draws, interval
from training.recipes import BEST_SELLERS, PERSONAL, sources
from training.trials import Marks

ENOUGH = 200  # judged customers for the best grades
MARGIN = 0.01  # of NDCG@10: the interval may reach so far below the naive rule and still count as not worse


@dataclass(frozen=True)
class Verdict:
    """A recommender beside the naive rules, on the same customers.

    Attributes
    ----------
    rival : str
        The better of best sellers and personal frequency over all items.
    figures : mapping of str to mapping of str to Metric
        ``ndcg_10``, ``recall_20``, ``ndcg_10_new`` with 95 % intervals, of ``chosen`` and every source.
    gain, gain_new : Metric
        By how much NDCG@10 exceeds that of `rival` over all items, and of best sellers over items new to the customer;
        paired.
    judged : int
        Customers.
    source : str
        The single source that does best on items new to the customer.
    gain_source : Metric
        By how much NDCG@10 over new items exceeds that of `source`; paired.
    """

    rival: str
    figures: Mapping[str, Mapping[str, Metric]]
    gain: Metric
    gain_new: Metric
    judged: int
    source: str = BEST_SELLERS
    gain_source: Metric = field(default_factory=lambda: Metric(0.0))

    @property
    def metrics(self) -> dict[str, Metric]:
        """The chosen recipe's figures with its gains."""
        return {**self.figures["chosen"], "gain": self.gain, "gain_new": self.gain_new, "gain_source": self.gain_source}

    @property
    def naive(self) -> Naive:
        """The naive figures: of the rival over all items, of best sellers over new ones."""
        rule = self.rival if self.rival == BEST_SELLERS else f"{self.rival}; {BEST_SELLERS} for new items"
        return Naive(rule, {**self.figures[self.rival], "ndcg_10_new": self.figures[BEST_SELLERS]["ndcg_10_new"]})


def verdict(marks: Mapping[str, Marks], ids: Any, *, seed: int) -> Verdict:
    """The figures of every source, and the gains of ``chosen`` over the naive rules.

    Parameters
    ----------
    marks : mapping of str to Marks
        ``chosen``, best sellers, personal frequency and any further source.
    ids : ndarray of int64
        The customers judged; they are drawn anew for the intervals.
    seed : int
    """
    rule = rival(marks)
    single = [name for name in sources(Recipe("popularity", "mixed")) if name in marks]
    source = max(single, key=lambda name: marks[name].means()["ndcg_10_new"])
    chosen = marks["chosen"]
    return Verdict(
        rule,
        {name: measured(found, ids, seed=seed) for name, found in marks.items()},
        mean(chosen.ndcg - marks[rule].ndcg, ids, seed),
        mean(chosen.fresh - marks[BEST_SELLERS].fresh, ids, seed),
        len(ids),
        source,
        mean(chosen.fresh - marks[source].fresh, ids, seed),
    )


def rival(marks: Mapping[str, Marks]) -> str:
    """The better of best sellers and personal frequency over all items."""
    return max((BEST_SELLERS, PERSONAL), key=lambda name: marks[name].means()["ndcg_10"])


def measured(marks: Marks, ids: Any, *, seed: int) -> dict[str, Metric]:
    """The figures of a recipe with their 95 % intervals, customers drawn anew."""
    return {
        "ndcg_10": mean(marks.ndcg, ids, seed),
        "recall_20": mean(marks.recall, ids, seed),
        "ndcg_10_new": mean(marks.fresh, ids, seed),
    }


def is_better(one: Marks, other: Marks, ids: Any, *, seed: int) -> bool:
    """Whether one is proven better on all items or on new ones, and on neither worse by more than the margin.

    Examples
    --------
    >>> low, high = np.full(9, 0.1), np.full(9, 0.2)
    >>> is_better(Marks(high, high, low), Marks(low, low, low), np.arange(9), seed=1)
    True
    >>> is_better(Marks(high, high, low), Marks(low, low, high), np.arange(9), seed=1)
    False
    """
    gains = mean(one.ndcg - other.ndcg, ids, seed), mean(one.fresh - other.fresh, ids, seed)
    return any(map(_is_proven, gains)) and all(_low(gain) > -MARGIN for gain in gains)


def grade(found: Verdict, lost: str = "") -> tuple[Grade, str]:
    """The grade, and the sentence how it follows; no A where it `lost` in an earlier month, which is told in words.

    Examples
    --------
    >>> nothing = Metric(0.001, -0.004, 0.006)
    >>> grade(Verdict("best sellers", {}, nothing, nothing, 500))
    ('D', 'no better than best sellers: the gain may be chance, on all items and on new ones')
    """
    level, why = _of_last(found)
    return ("B", f"{why}, but {lost}") if level == "A" and lost else (level, why)


def _of_last(found: Verdict) -> tuple[Grade, str]:
    """As `grade`, by the judged slice alone."""
    on_all, on_new = _is_proven(found.gain), _is_proven(found.gain_new)
    if not on_all and not on_new:
        rules = found.rival if found.rival == BEST_SELLERS else f"{found.rival}, or {BEST_SELLERS} for new items"
        return "D", f"no better than {rules}: the gain may be chance, on all items and on new ones"
    where = f"better than {found.rival} on all items" if on_all else f"better than {BEST_SELLERS} on new items"
    if found.judged < ENOUGH:
        return "C", f"{where}, judged on fewer than {ENOUGH} customers"
    if on_all:
        if found.gain_new.value <= 0:
            return "B", f"{where}, not better than {BEST_SELLERS} on items new to the customer"
        return "A", f"{where}, and than {BEST_SELLERS} on items new to the customer"
    if _low(found.gain) > -MARGIN:
        return "A", f"{where}, and not worse than {found.rival} on all items (by less than {MARGIN:g} at most)"
    return "C", f"{where}, but not shown to be as good as {found.rival} on all items"


def _is_proven(gain: Metric) -> bool:
    return _low(gain) > 0


def _low(gain: Metric) -> float:
    return gain.low if gain.low is not None else 0.0


def mean(values: Floats, ids: Any, seed: int) -> Metric:
    """The mean of a figure with its 95 % interval, customers drawn anew; NaN does not count."""
    known = ~np.isnan(values)
    if not known.any():
        return Metric(0.0)
    drawn = np.concatenate(
        [
            weights @ values[known] / np.maximum(weights.sum(axis=1), 1.0)
            for weights in draws(ids[known], seed=seed, rounds=300)
        ]
    )
    return interval(float(values[known].mean()), drawn)
