"""The second stage of a recommendation: candidates of every source, described by numbers and ranked by boosted trees.

Everything is computed from a customer's history, the items' traits and what the sources say of them, block by block of
customers. Sums run customer by customer in the order of the history, so that a customer's numbers are the same alone
and among others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.cores import Core
from scoring.factors import Factors, Folded
from scoring.items import Items
from scoring.model import Floats
from scoring.ranker import LATELY, Codes, History, Ranker, Recipe, Said, best
from scoring.states import States
from scoring.traits import Traits

POOL = (20, 60)  # candidates of each source, beside all that was bought before: a twentieth of the items, within these
CELLS = 500_000  # scores of a source held at once
MONTH = 30.0
FIRST = 1.0  # candidates score from here to 1 above; what no source proposes scores less

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Candidates of a block of customers.

    Attributes
    ----------
    row : ndarray of intp, shape (p,)
        Place of the customer in the block, rising.
    code : ndarray of intp, shape (p,)
        Item, rising within a customer.
    matrix : ndarray of float64, shape (p, columns)
        What the trees see, in the order of `Candidates.columns`.
    """

    row: Codes
    code: Codes
    matrix: Floats


@dataclass(frozen=True)
class Candidates:
    """Where candidates come from, and what is known of them.

    Attributes
    ----------
    items : Items
    traits : Traits
    sources : mapping of str to Ranker
        By name; each scores all items from a history.
    """

    items: Items
    traits: Traits
    sources: Mapping[str, Ranker]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix's columns."""
        said = [name for source in self.sources for name in (source, f"{source}_share")]
        return (*said, *_of_items(self.items, self.traits), *_CUSTOMER, *_PAIR)

    @cached_property
    def _told(self) -> Floats:
        """The items' own columns, shape (items, columns)."""
        return np.column_stack(list(_of_items(self.items, self.traits).values()))

    @cached_property
    def _popular(self) -> Codes:
        """What is popular now."""
        return best(self.items.recent_share, self.pool)

    @property
    def pool(self) -> int:
        """Candidates of each source."""
        return int(np.clip(len(self.items) // 20, *POOL))

    @property
    def block(self) -> int:
        """Customers that are described at once."""
        return max(1, CELLS // max(len(self.items), 1))

    def pairs(self, histories: Sequence[History]) -> Iterator[tuple[int, Pairs]]:
        """Candidates block by block, each with the place of its first history."""
        for first in range(0, len(histories), self.block):
            yield first, self._described(_Block.of(histories[first : first + self.block], len(self.items)))

    def _described(self, block: _Block) -> Pairs:
        heard = {name: _heard(source, block) for name, source in self.sources.items()}
        share = _category_share(block, self.traits)
        chosen = block.place >= 0
        for scores in (*heard.values(), share * self.items.recent_share):
            _propose(chosen, scores, self.pool)
        chosen[:, self._popular] = True
        chosen[block.sizes == 0] = False
        row, code = np.nonzero(chosen)
        columns = []
        for scores in heard.values():
            said = scores[row, code]
            columns += [said, said / np.maximum(scores.max(axis=1, initial=0.0), 1e-9)[row]]
        told = self._told[code]
        customer = _of_customers(block, self.traits)
        pair = _of_pairs(block, row, code, customer, self.traits, share[row, code])
        named = [customer[name][row] for name in _CUSTOMER] + [pair[name] for name in _PAIR]
        return Pairs(row, code, np.column_stack([*columns, told, *named]))


@dataclass(frozen=True)
class Reranker:
    """Candidates, and the trees that rank them.

    Attributes
    ----------
    candidates : Candidates
    core : Core
        Taught on the candidates' `columns`.
    """

    candidates: Candidates
    core: Core

    def lift(self, histories: Sequence[History]) -> Iterator[tuple[Codes, Floats]]:
        """The candidates of each history and their scores, `FIRST` to `FIRST` + 1; none where nothing was bought."""
        for first, pairs in self.candidates.pairs(histories):
            scores = FIRST + 1.0 / (1.0 + np.exp(-self.core.log_odds(pairs.matrix))) if len(pairs.row) else np.empty(0)
            count = min(self.candidates.block, len(histories) - first)
            edges = np.searchsorted(pairs.row, np.arange(count + 1))
            for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                yield pairs.code[begin:end], scores[begin:end]


Lift = tuple[Codes, Floats]


@dataclass(frozen=True)
class Stages:
    """A recommendation in one stage or two.

    Attributes
    ----------
    first : Ranker
        Ranks all items, and tells why.
    second : Reranker or None
        Ranks the candidates above all others.
    """

    first: Ranker
    second: Reranker | None = None

    @cached_property
    def recipe(self) -> Recipe:
        """How items are ranked."""
        return replace(self.first.recipe, rerank=self.second is not None)

    def lifts(self, histories: Sequence[History]) -> Iterator[Lift | None]:
        """What the second stage says of each history; None without one."""
        return iter(self.second.lift(histories)) if self.second else iter([None] * len(histories))

    def scores(self, history: History) -> Floats:
        """Score of every item."""
        return self.ranked(history, self.first.said(history), next(self.lifts([history])))

    def ranked(self, history: History, said: Said | Folded, lift: Lift | None) -> Floats:
        """As `scores`, from what the history's items and the second stage say."""
        scores = self.first.ranked(history, said)
        if lift is not None:
            scores[lift[0]] = lift[1]
            if self.first.recipe.repeat == "never":
                scores[history.codes] = -np.inf
        return scores


@dataclass(frozen=True)
class _Block:
    """Histories one after the other: `row` says whose, `place` where a customer's item stands, -1 where it does not."""

    histories: Sequence[History]
    sizes: Codes
    row: Codes
    code: Codes
    times: Floats
    age: Floats
    first: Floats
    lately: Floats
    place: Codes

    @classmethod
    def of(cls, histories: Sequence[History], items: int) -> _Block:
        sizes = np.array([len(item.codes) for item in histories], dtype=np.intp)
        row = np.repeat(np.arange(len(histories)), sizes)
        code = _flat([item.codes for item in histories]).astype(np.intp)
        place = np.full((len(histories), items), -1, dtype=np.intp)
        place[row, code] = np.arange(len(row))
        times, age, first, lately = (
            _flat([getattr(item, name) for item in histories]) for name in ("times", "age_days", "first_days", "lately")
        )
        return cls(histories, sizes, row, code, times, age, first, lately, place)

    def total(self, values: Floats) -> Floats:
        """Sum over each history, one by one in its order."""
        return np.bincount(self.row, weights=values, minlength=len(self.sizes)).astype(np.float64)


def _flat(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0)


def _heard(source: Ranker, block: _Block) -> Floats:
    """What a source says of all items, shape (customers, items)."""
    count, shape = len(source.items), (len(block.sizes), len(source.items))
    if isinstance(source.bonds, Factors):
        return np.stack([source.bonds.heard(item.codes, source.voices(item)) for item in block.histories])
    if isinstance(source.bonds, States):
        return source.bonds.heard(block.histories)
    voices = _flat([source.voices(history) for history in block.histories])
    item, weight, speaker = source.bonds.spread(block.code, voices)
    cells = block.row[speaker] * count + item
    return np.bincount(cells, weights=weight, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def _category_share(block: _Block, traits: Traits) -> Floats:
    """Which share of a customer's different items is of each item's category, shape (customers, items)."""
    kind = traits.kind
    kinds = int(kind.max(initial=0)) + 1
    counts = np.bincount(block.row * kinds + kind[block.code], minlength=len(block.sizes) * kinds)
    share = counts.reshape(-1, kinds) / np.maximum(block.sizes, 1)[:, None]
    result: Floats = share[:, kind]
    return result


def _propose(chosen: Flags, scores: Floats, pool: int) -> None:
    """Mark each row's `pool` best scores above zero."""
    if scores.shape[1] <= pool:
        chosen |= scores > 0
        return
    proposed = np.argpartition(-scores, pool - 1, axis=1)[:, :pool]
    rows = np.arange(len(scores))[:, None]
    chosen[rows, proposed] |= scores[rows, proposed] > 0


def _of_items(items: Items, traits: Traits) -> dict[str, Floats]:
    """How an item sells: shares of the most sold one's counts, so that they mean the same for small and large shops."""
    usual = items.popularity * MONTH / np.maximum(traits.first_days, MONTH)
    return {
        "popularity": items.popular_share,
        **{
            name: counts / max(float(counts.max(initial=0.0)), 1.0)
            for name, counts in (
                ("week", traits.week),
                ("fortnight", traits.fortnight),
                ("month", traits.month),
                ("quarter", traits.quarter),
            )
        },
        "trend": (traits.month + 1.0) / (traits.quarter * MONTH / LATELY + 1.0),
        "trend_ever": (traits.month + 1.0) / (usual + 1.0),
        "bought_again": (items.popularity - traits.buyers) / (items.popularity + 5.0),
        "item_first_days": traits.first_days,
        "item_last_days": traits.last_days,
        "price": traits.log_price,
    }


_CUSTOMER = (
    "visits", "visits_lately", "last_days", "since_days", "different", "bought", "again", "gap_days", "usual_price",
)  # fmt: skip


def _of_customers(block: _Block, traits: Traits) -> dict[str, Floats]:
    """How a customer buys."""
    count = len(block.sizes)
    last, since = np.full(count, np.inf), np.zeros(count)
    np.minimum.at(last, block.row, block.age)
    np.maximum.at(since, block.row, block.first)
    visits = np.array([item.visits for item in block.histories], dtype=np.float64)
    different, bought = block.sizes.astype(np.float64), block.total(block.times)
    price = traits.log_price[block.code]
    priced = ~np.isnan(price)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = block.total(np.where(priced, price, 0.0)) / block.total(priced.astype(np.float64))
    return {
        "visits": visits,
        "visits_lately": np.array([item.visits_lately for item in block.histories], dtype=np.float64),
        "last_days": last,
        "since_days": since,
        "different": different,
        "bought": bought,
        "again": 1.0 - different / np.maximum(bought, 1.0),
        "gap_days": (since - last) / np.maximum(visits - 1.0, 1.0),
        "usual_price": usual,
    }


_PAIR = (
    "times", "times_lately", "share", "share_lately", "age_days", "first_days", "is_of_last_visit", "own_gap_days",
    "due", "per_month", "dearer", "category_share",
)  # fmt: skip


def _of_pairs(
    block: _Block,
    row: Codes,
    code: Codes,
    customer: Mapping[str, Floats],
    traits: Traits,
    category_share: Floats,
) -> dict[str, Floats]:
    """What a customer and an item have to do with each other; NaN for days where it was never bought."""
    place = block.place[row, code]
    own = place >= 0

    def told(values: Floats, missing: float) -> Floats:
        result = np.full(len(row), missing)
        result[own] = values[place[own]]
        return result

    times, lately = told(block.times, 0.0), told(block.lately, 0.0)
    age, first = told(block.age, np.nan), told(block.first, np.nan)
    gap = np.where(times > 1, (first - age) / np.maximum(times - 1.0, 1.0), np.nan)
    return {
        "times": times,
        "times_lately": lately,
        "share": times / np.maximum(customer["visits"][row], 1.0),
        "share_lately": lately / np.maximum(customer["visits_lately"][row], 1.0),
        "age_days": age,
        "first_days": first,
        "is_of_last_visit": np.where(own, (age - customer["last_days"][row] < 0.01).astype(np.float64), np.nan),
        "own_gap_days": gap,
        "due": age / np.maximum(gap, 0.01),
        "per_month": times / np.maximum(first, 1.0) * MONTH,
        "dearer": traits.log_price[code] - customer["usual_price"][row],
        "category_share": category_share,
    }
