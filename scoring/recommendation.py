"""A recommender: items ranked for a customer, each with the reason why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from configs.assortment import Owned
from scoring.arrivals import Arrivals
from scoring.artefact import Artefact
from scoring.cores import Boosted
from scoring.errors import ArtefactError
from scoring.factors import Factors, Folded
from scoring.items import Ids, Items, Neighbours
from scoring.model import Floats, Model
from scoring.ranker import Bonds, History, Ranker, Recipe, Said, best
from scoring.reranking import Candidates, Flags, Lift, Reranker, Stages
from scoring.states import States, words
from scoring.traits import Traits

ITEMS = "items.parquet"
KINDS: Mapping[str, type[Neighbours] | type[Factors] | type[States]] = {
    "neighbours.parquet": Neighbours,
    "factors.safetensors": Factors,
    "states.safetensors": States,
}
NEIGHBOURS, FACTORS, STATES = KINDS
TRAITS, TREES = "traits.parquet", "model.txt"
LOG = "order_lines.customer"


@dataclass(frozen=True)
class Recommended:
    """One item for one customer.

    Attributes
    ----------
    product_id : int
    product_no : str
    score : float
        Ranks the items of one customer; it is no probability. A product that was never taught has that of the item
        whose place it takes.
    reason, name : str
    """

    product_id: int
    product_no: str
    score: float
    reason: str
    name: str

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return asdict(self)


class RecommendationModel(Model):
    """Ranks all items for a customer's history.

    ``items.parquet`` holds the items, ``neighbours.parquet`` their bonds, ``factors.safetensors`` their factors or
    ``states.safetensors`` their shares,
    ``policy.json`` the recipe and ``log``, the feature store's log that histories come from. With a second stage,
    ``traits.parquet`` holds more of the items, ``model.txt`` the trees, and ``policy.json`` names the file of each
    source of candidates.
    """

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        items = Items.read(artefact, ITEMS)
        recipe = Recipe.from_json(self.policy["recipe"])
        name = {"ials": FACTORS, "states": STATES}.get(recipe.explore, NEIGHBOURS)
        first = Ranker(items, _bonds(artefact, name, len(items)), replace(recipe, rerank=False))
        self.stages = Stages(first, self._second(artefact, items) if recipe.rerank else None)

    def _second(self, artefact: Artefact, items: Items) -> Reranker:
        sources = {
            told["name"]: Ranker(items, _bonds(artefact, told["file"], len(items)), Recipe.from_json(told["recipe"]))
            for told in self.policy["sources"]
        }
        candidates = Candidates(items, Traits.read(artefact, TRAITS, len(items)), sources)
        if list(candidates.columns) != self.policy["columns"]:
            raise ArtefactError.unreadable(artefact.path / "policy.json", "its columns are not those of this version")
        return Reranker(candidates, Boosted(artefact.text(TREES)))

    @property
    def log(self) -> str:
        """The log whose rows are a customer's history."""
        return str(self.policy["log"])

    @property
    def items(self) -> Items:
        """The items that can be recommended."""
        return self.stages.first.items

    @property
    def recipe(self) -> Recipe:
        """How items are ranked."""
        return self.stages.recipe

    def recommend(
        self,
        histories: Sequence[Mapping[str, npt.NDArray[Any]]],
        k: int = 10,
        *,
        at: int,
        owned: Owned = "with",
        closed: Sequence[Flags] | None = None,
        skip: Collection[int] = (),
        with_discontinued: bool = False,
        arrivals: Arrivals | None = None,
    ) -> list[list[Recommended]]:
        """The best items for each history; equal histories give equal answers, one by one or in a batch.

        Parameters
        ----------
        histories : sequence of mapping of str to ndarray
            One per customer: ``product_id`` int64, ``occurred_at`` int64 (µs), and ``quantity`` float64 where the log
            has it; rows without product or with a quantity of zero or less are passed over. An empty history, or one of
            unknown products only, gets what is popular now.
        k : int
            At most so many items.
        at : int
            The moment asked for (µs); later purchases do not count.
        owned : {"with", "without", "only"}
            Whether what the customer bought before is named too, not at all, or alone.
        closed : sequence of ndarray of bool, optional
            For each history the items that must not be named, as `Offering.closed` gives them; then what was no longer
            sold at training does not matter.
        skip : collection of int
            Product ids to leave out (out of stock, not for sale here).
        with_discontinued : bool
            Whether items that were no longer sold at training may be named.
        arrivals : Arrivals, optional
            Products that came since or were never bought, which take the last places of a list where they suit.

        Returns
        -------
        list of list of Recommended
            Best first; shorter than `k` when there are not as many items.
        """
        shut = np.zeros(len(self.items), dtype=bool) if with_discontinued or closed is not None else ~self.items.active
        shut[[code for code in self.items.codes(np.array(sorted(skip), dtype=np.int64)) if code >= 0]] = True
        known = [self.history(rows, at) for rows in histories]
        each = repeat(shut, len(known)) if closed is None else (shut | item for item in closed)
        rows_of = zip(known, self.stages.lifts(known), each, strict=True)
        lists = [self._answer(history, lift, k, without, owned) for history, lift, without in rows_of]
        if arrivals is None or owned == "only":
            return lists
        bought = [{*skip, *_whole(rows, "product_id").tolist()} for rows in histories]
        told = enumerate(zip(known, bought, lists, strict=True))
        return [_joined(listed, arrivals, arrivals.chosen(row, own, had, k), k) for row, (own, had, listed) in told]

    def history(self, rows: Mapping[str, npt.NDArray[Any]], at: int) -> History:
        """A customer's purchases by item, as of a moment."""
        product, moment = _whole(rows, "product_id"), _whole(rows, "occurred_at")
        counts = (product >= 0) & (moment < at)
        if "quantity" in rows and len(rows["quantity"]):
            counts &= rows["quantity"] > 0
        return History.of(self.items, product[counts], moment[counts], at)

    def _answer(
        self,
        history: History,
        lift: Lift | None,
        k: int,
        closed: Flags,
        owned: Owned,
    ) -> list[Recommended]:
        said = self.stages.first.said(history)
        scores = self.stages.ranked(history, said, lift)
        scores[closed] = -np.inf
        if owned == "without":
            scores[history.codes] = -np.inf
        elif owned == "only":
            own = scores[history.codes]
            scores[:] = -np.inf
            scores[history.codes] = own
        items = self.items
        return [
            Recommended(
                int(items.ids[code]),
                items.numbers[code],
                float(scores[code]),
                self._reason(code, history, said),
                items.names[code],
            )
            for code in best(scores, k).tolist()
        ]

    def _reason(self, code: int, history: History, said: Said | Folded) -> str:
        recipe = self.recipe
        if recipe.repeat == "first" or recipe.rerank:
            place = int(np.searchsorted(history.codes, code))
            if place < len(history.codes) and history.codes[place] == code:
                often = int(history.times[place])
                return f"you buy it again and again ({often} times)" if often > 1 else "you bought it before"
        speaker, loud = said.loudest(code)
        if speaker >= 0 and loud >= recipe.recent_weight * self.items.recent_share[code]:
            return f"bought together with {self.items.names[int(history.codes[speaker])]}"
        bonds = self.stages.first.bonds
        if isinstance(bonds, States):
            return f"popular with customers {words(bonds.of(history))}"
        return "a best seller" if recipe.explore == "popularity" else "popular now"


def _joined(listed: list[Recommended], arrivals: Arrivals, chosen: Sequence[int], k: int) -> list[Recommended]:
    """A list whose last places, where it is full, the chosen arrivals take."""
    kept, left = listed[: k - len(chosen)], listed[k - len(chosen) :]
    lowest = listed[-1].score if listed else 0.0
    scores = [item.score for item in left] + [lowest] * len(chosen)
    new = arrivals.items
    return kept + [
        Recommended(int(new.ids[place]), new.numbers[place], score, arrivals.reason(place), new.names[place])
        for place, score in zip(chosen, scores, strict=False)
    ]


def histories_of(log: Any, ids: Ids) -> list[dict[str, npt.NDArray[Any]]]:
    """A log's rows, customer by customer, as `RecommendationModel.recommend` wants them.

    Parameters
    ----------
    log : pyarrow.Table
        ``customer_id, product_id, occurred_at`` int64 and, where there is one, ``quantity`` float64: the rows that are
        visible at the moment asked for.
    ids : ndarray of int64
        Customers, any order; those without rows get an empty history.

    Examples
    --------
    >>> import pyarrow as pa
    >>> log = pa.table({"customer_id": [2, 1, 2], "product_id": [7, 8, 9], "occurred_at": [0, 0, 5]})
    >>> [item["product_id"].tolist() for item in histories_of(log, np.array([2, 3]))]
    [[7, 9], []]
    """
    customer = _column(log, "customer_id")
    order = np.argsort(customer, kind="stable")
    names = [name for name in ("product_id", "occurred_at", "quantity") if name in log.column_names]
    columns = {name: _column(log, name)[order] for name in names}
    begin = np.searchsorted(customer[order], ids, side="left")
    end = np.searchsorted(customer[order], ids, side="right")
    return [
        {name: values[first:last] for name, values in columns.items()}
        for first, last in zip(begin.tolist(), end.tolist(), strict=True)
    ]


def _bonds(artefact: Artefact, name: str, count: int) -> Bonds:
    kind = next(kind for ending, kind in KINDS.items() if name.endswith(ending))
    return kind.read(artefact, name, count)


def _column(log: Any, name: str) -> npt.NDArray[Any]:
    column = log[name].combine_chunks() if hasattr(log[name], "combine_chunks") else log[name]
    if name == "quantity":
        values: Floats = column.to_numpy(zero_copy_only=False).astype(np.float64)
        return values
    whole: Ids = column.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return whole


def _whole(rows: Mapping[str, npt.NDArray[Any]], name: str) -> Ids:
    values = np.asarray(rows.get(name, ()))
    if values.dtype.kind == "f":
        return np.where(np.isnan(values), -1, values).astype(np.int64)
    return values.astype(np.int64)
