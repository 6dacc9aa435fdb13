"""Products that nobody had bought at training: they reach those of their category, under every rule, in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from configs import Settings
from crm import Records
from crm.clock import DAY, parse
from scoring import RecommendationModel, Recommended, load
from scoring.arrivals import MOST, Shelf
from scoring.artefact import write
from scoring.items import Items, Neighbours
from scoring.offering import Offering
from scoring.profile import describe
from scoring.ranker import Recipe
from tests.crm.company import rows

AT = parse("2026-06-30")
LONG_AGO = parse("2020-01-01")
OLD = tuple(f"{kind}{number}" for kind in "RT" for number in range(6))  # six rugs, six toys
LATE = AT - 10 * DAY

Rows = dict[str, npt.NDArray[Any]]


def _products(numbers: list[str], at: int, **columns: list[Any]) -> dict[str, Any]:
    count = len(numbers)
    told: dict[str, Any] = {
        "source_key": numbers,
        "product_no": numbers,
        "name": [f"The {number}" for number in numbers],
        "category_key": [{"R": "r", "T": "t"}.get(number[0]) for number in numbers],
        "status": ["active"] * count,
        "list_price": [1_000] * count,
        "occurred_at": [at] * count,
        "known_at": [at] * count,
    }
    return {"products": rows(**{**told, **columns})}


@pytest.fixture
def shop(records: Records, tmp_path: Path) -> RecommendationModel:
    """Two categories, and a model that was taught the products of both."""
    told = {"occurred_at": [LONG_AGO] * 2, "known_at": [LONG_AGO] * 2}
    kinds = rows(source_key=["r", "t"], name=["Rugs", "Toys"], **told)
    people = rows(
        source_key=["here", "there"], customer_no=["here", "there"], party_key=["here", "there"], kind=["b2c"] * 2,
        country=["DE", "CH"], birth_year_band=["1960-1979", "2009-2012"], **told,
    )  # fmt: skip
    parties = rows(source_key=["here", "there"], kind=["person"] * 2, status=["active"] * 2, **told)
    records.write({"product_categories": kinds, **_products(list(OLD), LONG_AGO)})
    records.write({"parties": parties, "customers": people})
    ids = _ids(records, "product")
    numbers = sorted(OLD, key=ids.__getitem__)
    keys = np.array([ids[number] for number in numbers], dtype=np.int64)
    items = Items(keys, tuple(numbers), tuple(numbers), np.ones(12), np.ones(12), np.ones(12, dtype=bool))
    made = write(
        tmp_path / "made", kind="recommendation", name="recommendation", entity="customer", refs=(), hashes={},
        files={
            "items.parquet": items.to_parquet(),
            "neighbours.parquet": Neighbours.none(12).to_parquet(),
            "policy.json": {"recipe": Recipe("recent", "first").to_json(), "log": "order_lines.customer"},
            "profile.json": {"score": describe(np.ones(3), "float")},
            "card.md": "# Products",
        },
    )  # fmt: skip
    model = load(made.path)
    assert isinstance(model, RecommendationModel)
    return model


def _ids(records: Records, entity: str) -> dict[str, int]:
    return {row["number"]: row["id"] for row in records.numbers(entity).to_pylist()}


def _bought(records: Records, *numbers: str) -> Rows:
    ids = _ids(records, "product")
    return {
        "product_id": np.array([ids[number] for number in numbers], dtype=np.int64),
        "occurred_at": np.full(len(numbers), AT - 100 * DAY),
    }


def _lists(
    records: Records,
    settings: Settings,
    model: RecommendationModel,
    histories: list[Rows],
    k: int = 10,
    at: int = AT,
    **options: Any,
) -> list[list[Recommended]]:
    """As batch and service ask: the first two customers are on record, others are not."""
    people = _ids(records, "customer")
    ids = np.array([people["here"], people["there"], *[-1] * len(histories)][: len(histories)], dtype=np.int64)
    offering = Offering(records, settings.home)
    return model.recommend(
        histories,
        k,
        at=at,
        closed=offering.closed(model.items, ids, at),
        arrivals=offering.arrivals(model.items, ids, at),
        **options,
    )


def _numbers(listed: list[Recommended]) -> list[str]:
    return [item.product_no for item in listed]


def test_a_new_product_reaches_customers_of_its_category_and_nobody_else(
    records: Records, settings: Settings, shop: RecommendationModel
) -> None:
    before = _lists(records, settings, shop, [_bought(records, "R1", "R2"), _bought(records, "T1"), {}])
    records.write(_products(["Rnew"], LATE))  # after the training, without another one
    rug, toy, nobody = _lists(records, settings, shop, [_bought(records, "R1", "R2"), _bought(records, "T1"), {}])
    assert _numbers(rug) == [*_numbers(before[0])[:9], "Rnew"]
    assert (rug[9].name, rug[9].reason, rug[9].score) == ("The Rnew", "new in Rugs", before[0][9].score)
    assert [toy, nobody] == before[1:]


def test_nothing_changes_where_there_is_nothing_new(
    records: Records, settings: Settings, shop: RecommendationModel
) -> None:
    histories = [_bought(records, "R1", "R2"), _bought(records, "T1")]
    plain = shop.recommend(histories, 10, at=AT)
    assert _lists(records, settings, shop, histories) == plain
    records.write(_products(["X1"], LATE))  # without a category nobody can say whom it suits
    assert _lists(records, settings, shop, histories) == plain


def test_a_product_that_is_not_there_yet_is_not_named(
    records: Records, settings: Settings, shop: RecommendationModel
) -> None:
    records.write(_products(["R7", "R8"], LATE, known_at=[AT, LATE], occurred_at=[LATE, AT]))
    histories = [_bought(records, "R1")]
    assert "R" not in {
        item.product_no[0] for item in _lists(records, settings, shop, histories)[0] if item.name[:3] == "The"
    }
    assert _numbers(_lists(records, settings, shop, histories, at=AT + DAY)[0])[9] in ("R7", "R8")


def test_one_place_in_ten_and_none_in_short_lists(
    records: Records, settings: Settings, shop: RecommendationModel
) -> None:
    records.write(_products(["R7", "R8", "R9"], LATE))
    new = {"R7", "R8", "R9"}
    for k, places in ((4, []), (5, [4]), (10, [9]), (12, [11])):
        [listed] = _lists(records, settings, shop, [_bought(records, "R1")], k)
        assert [place for place, number in enumerate(_numbers(listed)) if number in new] == places
        assert len(listed) == k
        assert [item.score for item in listed] == sorted((item.score for item in listed), reverse=True)


def test_every_filter_holds(records: Records, settings: Settings, shop: RecommendationModel) -> None:
    records.write(_products(["R7", "R8", "R9"], LATE, status=["discontinued", "active", "active"]))
    two = [_bought(records, "R1"), _bought(records, "R1")]

    def last(text: str, **options: Any) -> list[str]:
        (settings.home / "assortment.yaml").write_text(text, encoding="utf-8")
        return [_numbers(listed)[-1] for listed in _lists(records, settings, shop, two, **options)]

    assert last("") == ["R8", "R8"]
    assert last("out_of_stock: [R8]") == ["R9", "R9"]
    assert last("rules: [{products: [R8], countries: [DE]}]") == ["R8", "R9"]
    assert last("rules: [{category: Rugs, min_age: 21}]")[1][0] == "T"
    assert not {number[0] for number in last("rules: [{category: Rugs, never: true}]")} - {"T"}
    assert last("", skip=[_ids(records, "product")["R8"]]) == ["R9", "R9"]
    assert last("", owned="only") == ["R1", "R1"]
    two[0] = _bought(records, "R1", "R8")  # bought since the training
    assert last("", owned="without") == ["R9", "R8"]


def test_what_is_near_in_price_and_newer_comes_first(
    records: Records, settings: Settings, shop: RecommendationModel
) -> None:
    records.write(_products(["R7", "R8"], LATE, list_price=[9_000, 1_100]))
    assert _numbers(_lists(records, settings, shop, [_bought(records, "R1")])[0])[9] == "R8"
    records.write(_products(["R9"], AT - DAY, list_price=[1_100]))
    assert _numbers(_lists(records, settings, shop, [_bought(records, "R1")])[0])[9] == "R9"


def test_what_lay_there_long_is_not_called_new(records: Records, settings: Settings, shop: RecommendationModel) -> None:
    records.write(_products(["R7"], LONG_AGO))
    [listed] = _lists(records, settings, shop, [_bought(records, "R1")])
    assert (listed[9].product_no, listed[9].reason) == ("R7", "of Rugs, which you buy more than others do")


def test_one_alone_gets_the_same_as_among_others(
    records: Records, settings: Settings, shop: RecommendationModel
) -> None:
    records.write(_products(["R7", "R8", "T9"], LATE, list_price=[9_000, 1_100, None]))
    histories = [_bought(records, *numbers) for numbers in (["R1"], ["T1", "R1", "T2"], ["T3"], ["R1", "R2", "T1"])]
    together = _lists(records, settings, shop, histories)
    assert together == [_lists(records, settings, shop, [history])[0] for history in histories]


def test_the_shelf_of_a_moment_is_as_it_was_known_then(records: Records, shop: RecommendationModel) -> None:
    records.write(_products(["R7"], LATE))
    records.write(_products(["R7"], AT, category_key=["t"], status=["discontinued"], list_price=[5]))
    then, now = Shelf.read(records, AT - DAY), Shelf.read(records)
    place = list(now.numbers).index("R7")
    assert (then.kinds[then.kind[place]], bool(then.active[place])) == ("Rugs", True)
    assert (now.kinds[now.kind[place]], bool(now.active[place])) == ("Toys", False)
    assert now.since[place] == LATE
    assert "R7" not in Shelf.read(records, LATE).numbers


def test_of_a_category_the_newest_are_looked_at(records: Records, shop: RecommendationModel) -> None:
    numbers = [f"R{number}" for number in range(100, 100 + MOST + 20)]
    records.write(_products(numbers, LATE, occurred_at=[LATE + place for place in range(len(numbers))]))
    found = Shelf.read(records).beyond(shop.items).at(AT)
    assert found is not None
    assert sorted(found.items.numbers) == sorted(numbers[20:])
