"""Backtests of a recommendation: at past cutoffs, what was bought of the lists that it would have given.

At each cutoff the recipe is chosen and taught anew from what was known before it, as a training then would have done;
its lists and those of personal frequency, equally long, meet what the same customers bought afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from crm.clock import DAY, iso
from scoring import Floats, Metric
from scoring.items import Ids
from training.errors import TrainingError
from training.intervals import draws, interval
from training.purchases import Purchases, purchases_of
from training.recipes import PERSONAL, sources
from training.recommending import HORIZON_DAYS, REFS, Past
from training.spec import Context
from training.trials import LISTED, Marks, Slice, judge

ROUNDS = 300
FIGURES: Mapping[str, str] = {
    "hit_10": "customers who bought something of their list",
    "ndcg_10": "NDCG@10 over all items",
    "hit_10_new": "customers who bought something of their list of new items, of those who bought anything new",
    "ndcg_10_new": "NDCG@10 over items new to the customer",
    "sales": "amount of what was bought of the list, for a customer",
}


@dataclass(frozen=True)
class ListReplay:
    """One past cutoff of a recommendation.

    Attributes
    ----------
    as_of : int
        Microseconds.
    customers : int
        Who had bought before and bought again within the horizon.
    items : int
        Items ranked.
    recipe : str
        How they were ranked, in words.
    bought : float
        Amount of all that these customers bought of known items, for a customer.
    lists, naive, gain : mapping of str to Metric
        Each of `FIGURES` of the recipe's lists, of the naive rule's, and the difference; 95 % intervals by drawing
        customers anew.
    """

    as_of: int
    customers: int
    items: int
    recipe: str
    bought: float
    lists: Mapping[str, Metric]
    naive: Mapping[str, Metric]
    gain: Mapping[str, Metric]

    def to_json(self) -> dict[str, Any]:
        """Plain values; the moment in ISO form."""
        plain = {name: getattr(self, name) for name in ("customers", "items", "recipe", "bought")}
        return {"as_of": iso(self.as_of), **plain, **_plain(self)}


@dataclass(frozen=True)
class ListBacktest:
    """What lists of items would have met at past cutoffs, oldest first, and in all.

    Attributes
    ----------
    model, rule : str
        The model, and the naive rule in words.
    horizon_days : int
    replays : sequence of ListReplay
    lists, naive, gain : mapping of str to Metric
        As in `ListReplay`, over all cutoffs; a customer of several cutoffs is drawn with all of them.
    """

    model: str
    rule: str
    horizon_days: int
    replays: Sequence[ListReplay]
    lists: Mapping[str, Metric]
    naive: Mapping[str, Metric]
    gain: Mapping[str, Metric]

    def to_json(self) -> dict[str, Any]:
        """What ``backtest --json`` prints."""
        return {
            "model": self.model,
            "rule": self.rule,
            "horizon_days": self.horizon_days,
            "cutoffs": [item.to_json() for item in self.replays],
            "total": _plain(self),
        }


@dataclass(frozen=True)
class Met:
    """Figures of `FIGURES` customer by customer, of two kinds of lists, each of shape (customers, figures)."""

    ids: Ids
    first: Floats
    second: Floats


def backtest_lists(context: Context, name: str, *, cutoffs: int) -> ListBacktest:
    """Replay past cutoffs of a recommendation, one horizon apart.

    Parameters
    ----------
    context : Context
    name : str
        The model.
    cutoffs : int
        Past cutoffs at most.

    Raises
    ------
    TrainingError
        If no cutoff has enough customers who bought before and after it.
    """
    every = purchases_of(context.store)
    as_of = context.as_of if context.as_of is not None else context.store.default_as_of(REFS).micros
    if not len(every.seen_at(as_of)):
        raise TrainingError.nothing_to_replay(name, "its records hold no purchase")
    replays: list[ListReplay] = []
    found: list[Met] = []
    why = "its records hold no purchase before the first cutoff"
    for number in range(cutoffs):
        until = as_of - number * HORIZON_DAYS * DAY
        if not len(every.seen_at(until)):
            break
        past = Past(every, until, context.seed)
        if past.is_short:
            why = why if replays else past.is_short.partition(";")[0]
            break
        context.progress(f"replaying {iso(past.slices[0].at)[:10]}")
        replay, met = _replay(past)
        replays.insert(0, replay)
        found.insert(0, met)
    if not replays:
        raise TrainingError.nothing_to_replay(name, why)
    whole = Met(*(np.concatenate([getattr(item, part) for item in found]) for part in ("ids", "first", "second")))
    return ListBacktest(name, PERSONAL, HORIZON_DAYS, replays, *measured(whole, context.seed))


def _replay(past: Past) -> tuple[ListReplay, Met]:
    recipe, _ = past.choose()
    part = past.slices[0]
    amounts = amounts_of(past.every, part, past.as_of)
    rule = judge(part, sources(recipe)[PERSONAL])
    both = Met(part.customers, met(past.judged(recipe), amounts), met(rule, amounts))
    bought = float(amounts.sum()) / len(part.customers)
    told = part.at, len(part.customers), len(part.basket.items), recipe.words, bought
    return ListReplay(*told, *measured(both, past.seed)), both


def amounts_of(every: Purchases, part: Slice, as_of: int) -> scipy.sparse.csr_matrix:
    """Amount of what each customer of a slice bought of each item, shape (customers, items); nothing told counts 0."""
    after = every.between(part.at, as_of, as_of=as_of)
    items = part.basket.items
    after = after.take((items.codes(after.product) >= 0) & np.isin(after.customer, part.customers))
    places = np.searchsorted(part.customers, after.customer), items.codes(after.product)
    shape = (len(part.customers), len(items))
    return scipy.sparse.csr_matrix((np.nan_to_num(after.amount), places), shape=shape)


def met(marks: Marks, amounts: scipy.sparse.csr_matrix) -> Floats:
    """The figures of `FIGURES`, customer by customer; NaN where a customer does not count.

    A list has an NDCG above nothing exactly where something of it was bought.
    """
    rows = np.arange(len(marks.ndcg))[:, None]
    sales = np.asarray(amounts[rows, marks.listed[:, :LISTED]].sum(axis=1)).ravel()
    new = np.where(np.isnan(marks.fresh), np.nan, marks.fresh > 0)
    return np.column_stack([marks.ndcg > 0, marks.ndcg, new, marks.fresh, sales]).astype(np.float64)


def measured(both: Met, seed: int) -> tuple[dict[str, Metric], dict[str, Metric], dict[str, Metric]]:
    """Means of either side and of the paired difference, all from the same draws of customers."""
    sides = both.first, both.second, both.first - both.second
    known = ~np.isnan(both.first)
    filled = np.column_stack([np.where(known, side, 0.0) for side in sides] + [known])
    count = len(FIGURES)

    def means(weights: Floats) -> Floats:
        sums = weights @ filled
        return np.asarray(sums[:, : 3 * count] / np.maximum(np.tile(sums[:, 3 * count :], 3), 1.0))

    drawn = np.concatenate([means(weights) for weights in draws(both.ids, seed=seed, rounds=ROUNDS)])
    whole = means(np.ones((1, len(both.ids))))[0]
    told = [interval(float(value), drawn[:, place]) for place, value in enumerate(whole)]
    first, second, third = (
        dict(zip(FIGURES, told[side * count : (side + 1) * count], strict=True)) for side in range(3)
    )
    return first, second, third


def _plain(found: ListReplay | ListBacktest) -> dict[str, Any]:
    return {
        side: {name: metric.to_json() for name, metric in getattr(found, side).items()}
        for side in ("lists", "naive", "gain")
    }
