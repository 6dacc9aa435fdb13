"""What may be offered to whom: status, stock, and rules by category, age and place, for people of records."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from configs import Settings
from configs.assortment import AssortmentError
from crm import Records
from crm.clock import parse
from scoring.items import Items
from scoring.offering import Offering, age_of
from tests.crm.company import rows

AT = parse("2026-06-30")
LONG_AGO = parse("2020-01-01")


@pytest.fixture
def shop(records: Records) -> Items:
    """Four products in Wine (below Drinks), Toys and nowhere; the last is no longer sold."""

    def told(count: int) -> dict[str, list[int]]:
        return {"occurred_at": [LONG_AGO] * count, "known_at": [LONG_AGO] * count}

    kinds = rows(source_key=["d", "w", "t"], name=["Drinks", "Wine", "Toys"], parent_key=[None, "d", None], **told(3))
    products = rows(
        source_key=["P1", "P2", "P3", "P4"], product_no=["P1", "P2", "P3", "P4"], category_key=["w", "t", None, None],
        status=["active", "active", "active", "discontinued"], **told(4),
    )  # fmt: skip
    people = ("young", "old", "abroad", "unknown")
    customers = rows(
        source_key=people, customer_no=people, party_key=people, kind=["b2c"] * 4, country=["DE", "DE", "CH", None],
        region=["North", "South", "North", None], birth_year_band=["2009-2012", None, "1960-1979", None],
        **told(4),
    )  # fmt: skip
    parties = rows(source_key=people, kind=["person"] * 4, status=["active"] * 4, **told(4))
    person = rows(source_key=["old"], party_key=["old"], birth_on=[date(1970, 5, 1)], **told(1))
    records.write({"product_categories": kinds, "products": products})
    records.write({"parties": parties, "persons": person, "customers": customers})
    ids = {row["number"]: row["id"] for row in records.numbers("product").to_pylist()}
    keys = np.array([ids[name] for name in ("P1", "P2", "P3", "P4")], dtype=np.int64)
    assert keys.tolist() == sorted(keys.tolist())
    names = ("P1", "P2", "P3", "P4")
    return Items(keys, names, names, np.ones(4), np.ones(4), np.ones(4, dtype=bool))


def _offered(records: Records, settings: Settings, items: Items, text: str, *skip: str) -> dict[str, list[str]]:
    (settings.home / "assortment.yaml").write_text(text, encoding="utf-8")
    numbers = records.numbers("customer").to_pylist()
    ids = np.array([*(row["id"] for row in numbers), -1], dtype=np.int64)
    closed = Offering(records, settings.home).closed(items, ids, AT, skip)
    names = [*(row["number"] for row in numbers), "nobody"]
    return {
        name: [items.numbers[place] for place in np.flatnonzero(~mask)]
        for name, mask in zip(names, closed, strict=True)
    }


def test_what_is_no_longer_sold_or_out_of_stock_is_offered_to_nobody(
    records: Records, settings: Settings, shop: Items
) -> None:
    assert set(map(tuple, _offered(records, settings, shop, "").values())) == {("P1", "P2", "P3")}
    found = _offered(records, settings, shop, "out_of_stock: [P2, P99]", "P3")
    assert set(map(tuple, found.values())) == {("P1",)}


def test_a_category_counts_with_all_below_it(records: Records, settings: Settings, shop: Items) -> None:
    found = _offered(records, settings, shop, "rules: [{category: Drinks, never: true}]")
    assert set(map(tuple, found.values())) == {("P2", "P3")}


def test_age_must_be_known_and_reached(records: Records, settings: Settings, shop: Items) -> None:
    found = _offered(records, settings, shop, "rules: [{category: Wine, min_age: 18}]")
    assert {name for name, offered in found.items() if "P1" in offered} == {"old", "abroad"}
    assert all(offered[-2:] == ["P2", "P3"] for offered in found.values())


def test_place_must_be_known_and_listed(records: Records, settings: Settings, shop: Items) -> None:
    text = "rules: [{category: Toys, countries: [DE]}, {products: [P3], regions: [North]}]"
    assert _offered(records, settings, shop, text) == {
        "young": ["P1", "P2", "P3"],
        "old": ["P1", "P2"],
        "abroad": ["P1", "P3"],
        "unknown": ["P1"],
        "nobody": ["P1"],
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rules: [{category: Win, never: true}]", "the category 'Win', which no record has; .* close to it is 'Wine'"),
        ("rules: [{products: [P1, Q1], never: true}]", "the product 'Q1', which no record has"),
    ],
)
def test_a_rule_that_would_protect_nobody_is_refused(
    records: Records, settings: Settings, shop: Items, text: str, sentence: str
) -> None:
    with pytest.raises(AssortmentError, match=sentence):
        _offered(records, settings, shop, text)


def test_the_file_is_read_again_after_a_while(
    records: Records, settings: Settings, shop: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering = Offering(records, settings.home)
    nobody = np.array([-1])
    assert not offering.closed(shop, nobody, AT)[0][0]
    (settings.home / "assortment.yaml").write_text("out_of_stock: [P1]\nowned: only\n", encoding="utf-8")
    assert not offering.closed(shop, nobody, AT)[0][0]
    monkeypatch.setattr("scoring.offering.FRESH_SECONDS", 0.0)
    assert offering.closed(shop, nobody, AT)[0][0]
    assert offering.owned == "only"


@pytest.mark.parametrize(
    ("row", "age"),
    [
        ({"birth_on": "2008-06-30", "birth_year_band": None}, 18),
        ({"birth_on": "2008-07-02", "birth_year_band": "1960-1979"}, 17),
        ({"birth_on": None, "birth_year_band": "1995"}, 30),
        ({"birth_on": None, "birth_year_band": ""}, None),
    ],
)
def test_ages_are_those_that_are_certain(row: dict[str, str | None], age: int | None) -> None:
    assert age_of(row, AT) == age


def test_without_a_file_the_workspace_offers_everything(records: Records, tmp_path: Path) -> None:
    assert Offering(records, tmp_path).owned == "with"
