"""Which items may be offered to which customers now: stock, and the assortment's rules by category, age and place."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from configs.assortment import NAME, Assortment, AssortmentError, Owned, Rule
from crm import clock
from crm.records import Records
from scoring.arrivals import Arrivals, Shelf
from scoring.items import Ids, Items

FRESH_SECONDS = 5.0  # so long an answer about products and the file is used again
FEW = 1_000  # up to so many customers are asked for one by one

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shopper:
    """What rules ask of a customer; None where it is not known."""

    country: str | None = None
    region: str | None = None
    age: int | None = None


@dataclass(frozen=True)
class Goods:
    """Products as they are now: status by id, the names of each one's category and of those above it, and all names.

    The shelf holds what else is known of each.
    """

    status: Mapping[int, str]
    categories: Mapping[int, Collection[str]]
    numbers: Collection[str]
    names: Collection[str]
    shelf: Shelf


class Offering:
    """What may be offered to whom, by the records and the workspace's ``assortment.yaml``.

    Parameters
    ----------
    records : Records
    home : Path
        The workspace, where the file may lie.
    """

    def __init__(self, records: Records, home: Path) -> None:
        self._records = records
        self._path = home / NAME
        self._kept: tuple[float, Assortment, Goods] | None = None
        self._beside: tuple[Shelf, Items, Arrivals] | None = None

    @property
    def owned(self) -> Owned:
        """Whether what a customer bought before is offered."""
        return self._now()[0].owned

    def closed(self, items: Items, ids: Ids, at: int, skip: Collection[str] = ()) -> Sequence[Flags]:
        """Which items must not be offered to each customer; equal customers share one array.

        Parameters
        ----------
        items : Items
        ids : ndarray of int64
            Record ids of customers; -1 for somebody unknown.
        at : int
            Moment at which ages count (µs).
        skip : collection of str
            Further product numbers that cannot be had.

        Raises
        ------
        AssortmentError
            If the file cannot be followed, or names a category or product that is unknown.
        """
        assortment, goods = self._now()
        told = zip(items.ids.tolist(), items.active.tolist(), strict=True)
        common = np.array([goods.status[key] != "active" if key in goods.status else not was for key, was in told])
        common |= np.isin(np.array(items.numbers, dtype=object), [*assortment.out_of_stock, *skip])
        rules = [(rule, _meant(rule, items, goods)) for rule in assortment.rules]
        for rule, meant in rules:
            if rule.never:
                common |= meant
        limited = [(rule, meant) for rule, meant in rules if not rule.never and meant.any()]
        if not limited:
            return [common] * len(ids)
        masks: dict[Shopper, Flags] = {}
        shoppers = self._shoppers(ids, at)
        result = []
        for key in ids.tolist():
            shopper = shoppers.get(key, Shopper())
            if shopper not in masks:
                masks[shopper] = _without(common, limited, shopper)
            result.append(masks[shopper])
        return result

    def arrivals(self, items: Items, ids: Ids, at: int, skip: Collection[str] = ()) -> Arrivals | None:
        """Products for sale that a recommendation was not taught, with what rules close to each customer; as `closed`.

        Returns
        -------
        Arrivals or None
            None where there are none.
        """
        shelf = self._now()[1].shelf
        beside = self._beside
        if beside is None or beside[0] is not shelf or beside[1] is not items:
            beside = self._beside = shelf, items, shelf.beyond(items)
        found = beside[2].at(at)
        return None if found is None else replace(found, closed=self.closed(found.items, ids, at, skip))

    def _now(self) -> tuple[Assortment, Goods]:
        moment = time.monotonic()
        if self._kept is None or moment - self._kept[0] > FRESH_SECONDS:
            assortment, goods = Assortment.read(self._path), self._goods()
            _check(assortment, goods, self._path)
            self._kept = moment, assortment, goods
        return self._kept[1:]

    def _goods(self) -> Goods:
        table = self._records.query("select id, name, parent_id from product_categories").to_pylist()
        names = {row["id"]: (row["name"], row["parent_id"]) for row in table}
        above: dict[int | None, frozenset[str]] = {None: frozenset()}

        def of(category: int | None) -> frozenset[str]:
            if category not in above:
                name, parent = names.get(category, ("", None))
                above[category] = frozenset()  # a circle ends here
                above[category] = frozenset({name}) | of(parent)
            return above[category]

        rows = self._records.query("select id, product_no, status, category_id from products").to_pylist()
        return Goods(
            {row["id"]: row["status"] for row in rows},
            {row["id"]: of(row["category_id"]) for row in rows},
            frozenset(row["product_no"] for row in rows),
            frozenset(row["name"] for row in table),
            Shelf.read(self._records),
        )

    def _shoppers(self, ids: Ids, at: int) -> dict[int, Shopper]:
        sql = (
            "select c.id, c.country, c.region, c.birth_year_band, p.birth_on from customers c "
            "left join persons p on p.party_id = c.party_id"
        )
        if len(ids) <= FEW:
            sql += f" where c.id in ({', '.join(str(int(key)) for key in ids)})"
        rows = self._records.query(sql).to_pylist()
        return {row["id"]: Shopper(row["country"], row["region"], age_of(row, at)) for row in rows}


def _check(assortment: Assortment, goods: Goods, path: Path) -> None:
    """A rule that names nothing would protect nobody: say so.

    Raises
    ------
    AssortmentError
    """
    for number, rule in enumerate(assortment.rules, start=1):
        if rule.category and rule.category not in goods.names:
            near = get_close_matches(rule.category, goods.names, 1)
            hint = f"; close to it is {near[0]!r}" if near else ""
            raise AssortmentError(
                f"rule {number} of {path} names the category {rule.category!r}, which no record has; one of the "
                f"{len(goods.names)} product categories is expected; correct it{hint}"
            )
        unknown = [item for item in rule.products if item not in goods.numbers]
        if unknown:
            raise AssortmentError(
                f"rule {number} of {path} names the product {unknown[0]!r}, which no record has; product numbers are "
                "expected; correct it"
            )


def age_of(row: Mapping[str, Any], at: int) -> int | None:
    """Years that a customer has at a moment for certain: by the date of birth, or the latest year of its band.

    Examples
    --------
    >>> age_of({"birth_on": None, "birth_year_band": "1980-1994"}, clock.parse("2026-06-30"))
    31
    >>> age_of({"birth_on": None, "birth_year_band": "from 1995 on"}, clock.parse("2026-06-30")) is None
    True
    """
    today = clock.iso(at)[:10]
    if row["birth_on"] is not None:
        born = str(row["birth_on"])[:10]
        return int(today[:4]) - int(born[:4]) - int(today[5:] < born[5:])
    band = re.fullmatch(r"(?:\d{4}\s*[-–]\s*)?(\d{4})", row["birth_year_band"] or "")
    return None if band is None else int(today[:4]) - int(band[1]) - 1


def _meant(rule: Rule, items: Items, goods: Goods) -> Flags:
    """The items that a rule names."""
    if rule.category:
        return np.array([rule.category in goods.categories.get(key, ()) for key in items.ids.tolist()], dtype=bool)
    return np.isin(np.array(items.numbers, dtype=object), list(rule.products))


def _without(common: Flags, rules: Sequence[tuple[Rule, Flags]], shopper: Shopper) -> Flags:
    closed = common.copy()
    for rule, meant in rules:
        is_old = rule.min_age is None or (shopper.age is not None and shopper.age >= rule.min_age)
        is_there = not rule.countries or shopper.country in rule.countries
        is_near = not rule.regions or shopper.region in rule.regions
        if not (is_old and is_there and is_near):
            closed |= meant
    return closed
