"""Products that a recommendation was not taught, as nobody had bought them: whom they suit, and in which places.

What is known of such a product is its category, its price and since when it is there. It suits those who buy more of
its category than everybody does, the better the more they do, the nearer its price is to what they pay there, and the
newer it is. It takes the last places of a list: one of every ten, or the last of five and more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from crm.clock import DAY
from crm.records import Records
from scoring.items import Ids, Items
from scoring.model import Floats
from scoring.ranker import History, best

OF_TEN = 10  # places, of which one is for an arrival
FEWEST = 5  # places of a list, below which it has none
HALF_LIFE_DAYS = 30.0  # of what being new is worth, which is half of the score at most
NEW_DAYS = 90.0  # so long a product is called new
MOST = 50  # of a category, the newest

Flags = npt.NDArray[np.bool_]

_NOW = (
    "select p.id, p.product_no, p.name, p.status, p.list_price, c.id as kind, c.name as kind_name, "
    "f.occurred_at as since, f.known_at from products p "
    "join products_versions f on f.id = p.id and f.version = 1 "
    "left join product_categories c on c.id = p.category_id order by p.id"
)
_THEN = _NOW.replace(
    "from products p ",
    "from (select v.* from products_versions v where v.version = (select max(w.version) from products_versions w "
    "where w.id = v.id and w.known_at < :until and w.occurred_at < :until)) p ",
)


@dataclass(frozen=True)
class Shelf:
    """All products with what the records tell of them, by rising id.

    Attributes
    ----------
    ids : ndarray of int64, shape (n,)
    numbers, names : sequence of str
        Product number, and name (the number where there is none).
    kinds : tuple of str
        Names of the categories.
    kind : ndarray of int64
        Place of each product's category in them; -1 where it has none.
    active : ndarray of bool
    log_price : ndarray of float64
        Of the list price, on a scale on which twice as dear is one step everywhere; NaN where there is none.
    since, known_at : ndarray of int64
        When it came, and when the records knew (µs).
    """

    ids: Ids
    numbers: Sequence[str]
    names: Sequence[str]
    kinds: tuple[str, ...]
    kind: Ids
    active: Flags
    log_price: Floats
    since: Ids
    known_at: Ids

    @classmethod
    def read(cls, records: Records, until: int | None = None) -> Self:
        """The products of some records, as they are now, or as they were known before a moment (µs)."""
        rows = records.query(_NOW if until is None else _THEN, None if until is None else {"until": until})
        told = {name: rows[name].to_pylist() for name in ("product_no", "name", "kind_name", "status", "list_price")}
        price = np.array([np.nan if value is None else float(value) for value in told["list_price"]], dtype=np.float64)
        kinds = tuple(sorted({str(name) for name in told["kind_name"] if name is not None}))
        places = {name: place for place, name in enumerate(kinds)}
        return cls(
            rows["id"].to_numpy().astype(np.int64),
            [str(number) for number in told["product_no"]],
            [str(name or number) for name, number in zip(told["name"], told["product_no"], strict=True)],
            kinds,
            np.array([places.get(name, -1) for name in told["kind_name"]], dtype=np.int64),
            np.array([status == "active" for status in told["status"]], dtype=bool),
            np.log1p(price),
            rows["since"].to_numpy().astype(np.int64),
            rows["known_at"].to_numpy().astype(np.int64),
        )

    def beyond(self, items: Items) -> Arrivals:
        """What is for sale beside the items of a recommendation.

        Products without a category are not among them: nobody could say whom they suit.
        """
        chosen = np.flatnonzero(self.active & (self.kind >= 0) & ~np.isin(self.ids, items.ids))
        code = np.searchsorted(self.ids, items.ids)
        code = np.where(np.append(self.ids, -1)[code] == items.ids, code, len(self.ids))  # the last says: not known
        taught_kind = np.append(self.kind, -1)[code]
        told = taught_kind >= 0
        counts = np.bincount(taught_kind[told], items.popularity[told], minlength=len(self.kinds))
        numbers, names = ([words[row] for row in chosen.tolist()] for words in (self.numbers, self.names))
        nothing = np.zeros(len(chosen))
        new = Items(self.ids[chosen], tuple(numbers), tuple(names), nothing, nothing, np.ones(len(chosen), dtype=bool))
        return Arrivals(
            new,
            self.kinds,
            self.kind[chosen],
            self.log_price[chosen],
            self.since[chosen],
            np.maximum(self.since, self.known_at)[chosen],
            counts / max(float(items.popularity.sum()), 1.0),
            taught_kind,
            np.append(self.log_price, np.nan)[code],
        )


@dataclass(frozen=True)
class Arrivals:
    """Products for sale that a recommendation was not taught.

    Attributes
    ----------
    items : Items
    kinds : tuple of str
        Names of the categories.
    kind : ndarray of int64, shape (n,)
        Place of each product's category in them.
    log_price : ndarray of float64, shape (n,)
    since, seen_from : ndarray of int64, shape (n,)
        When it came, and the moment after which it can be named (µs).
    usual : ndarray of float64, shape (kinds,)
        Which share of all purchases is of each category.
    taught_kind, taught_price
        Category and price of the items that the recommendation was taught, by code; -1 and NaN where it is not known.
    moment : int
        The moment asked for (µs).
    closed : sequence of ndarray of bool
        For each customer asked for the products that must not be named; none: every one may be.
    """

    items: Items
    kinds: tuple[str, ...]
    kind: Ids
    log_price: Floats
    since: Ids
    seen_from: Ids
    usual: Floats
    taught_kind: Ids
    taught_price: Floats
    moment: int = 0
    closed: Sequence[Flags] = ()

    def at(self, moment: int) -> Self | None:
        """Those that are there at a moment (µs), of a category the `MOST` newest; None where there are none."""
        rows = np.flatnonzero(self.seen_from < moment)
        rows = rows[np.lexsort((self.items.ids[rows], -self.since[rows], self.kind[rows]))]
        place = np.arange(len(rows)) - np.searchsorted(self.kind[rows], self.kind[rows])  # within the category
        rows = np.sort(rows[place < MOST])
        if not len(rows):
            return None
        columns = {name: getattr(self, name)[rows] for name in ("kind", "log_price", "since", "seen_from")}
        return replace(self, items=self.items.take(rows), moment=moment, **columns)

    @property
    def days(self) -> Floats:
        """Days since each came."""
        result: Floats = (self.moment - self.since) / DAY
        return result

    def scores(self, history: History) -> Floats:
        """How well each suits a customer, above 0 to 1; minus infinity for what is not for this one.

        Examples
        --------
        >>> items = Items.plain(np.array([1, 2]), np.ones(2), np.ones(2))
        >>> new = Items.plain(np.array([8, 9]), np.zeros(2), np.zeros(2))
        >>> nan, kinds, day = np.full(2, np.nan), np.array([0, 1]), np.zeros(2, dtype=np.int64)
        >>> found = Arrivals(new, ("Rugs", "Toys"), kinds, nan, day, day, np.full(2, 0.5), kinds, nan)
        >>> found.scores(History.of(items, np.array([2]), np.array([0]), at=DAY)).tolist()
        [-inf, 1.0]
        """
        own = self.taught_kind[history.codes]
        count = np.bincount(own[own >= 0], minlength=len(self.kinds))
        share = (count / max(len(history.codes), 1))[self.kind]
        price = self.taught_price[history.codes]
        priced = (own >= 0) & ~np.isnan(price)
        with np.errstate(invalid="ignore"):
            paid = np.bincount(own[priced], price[priced], len(self.kinds)) / np.bincount(
                own[priced], minlength=len(self.kinds)
            )
        near = np.nan_to_num(np.exp(-np.abs(self.log_price - paid[self.kind])), nan=1.0)
        fresh = 0.5 + 0.5 * np.exp2(-self.days / HALF_LIFE_DAYS)
        return np.where(share > self.usual[self.kind], share * near * fresh, -np.inf)

    def chosen(self, number: int, history: History, bought: Collection[int], k: int) -> list[int]:
        """Places of the products for the customer of that number in a list of `k`, the best first.

        Parameters
        ----------
        number : int
            Place of the customer in `closed`.
        history : History
        bought : collection of int
            Product ids that must not be named, as this customer had them already.
        k : int
        """
        room = places(k)
        if not room or not len(history.codes):
            return []
        scores = self.scores(history)
        scores[np.isin(self.items.ids, list(bought))] = -np.inf
        if self.closed:
            scores[self.closed[number]] = -np.inf
        return [int(place) for place in best(scores, room)]

    def reason(self, place: int) -> str:
        """Why a product is named, in words."""
        kind = self.kinds[int(self.kind[place])]
        return f"new in {kind}" if self.days[place] <= NEW_DAYS else f"of {kind}, which you buy more than others do"


def places(k: int) -> int:
    """How many of the last places of a list of `k` are for arrivals.

    Examples
    --------
    >>> [places(k) for k in (4, 5, 10, 19, 20)]
    [0, 1, 1, 1, 2]
    """
    return max(k // OF_TEN, 1) if k >= FEWEST else 0
