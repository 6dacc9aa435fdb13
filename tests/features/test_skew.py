"""Skew: what was served is computed again offline, bit for bit; a planted fault is found, named and counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from crm.clock import DAY
from features import FeatureStore, FeatureView, InlineRecords, customer, days, expression, lifetime, request
from features.skew import ARRIVALS, Vector, check_skew
from tests.features.conftest import Opener
from tests.features.test_online import ENTITIES, with_heads
from tests.features.worlds import World, lines, make

VIEW = FeatureView(
    entity=customer,
    spend=lines.amount.sum(days(30)),
    mean=lines.quantity.mean(),
    top=lines.category.mode(),
    basket=request("basket_value"),
    basket_share=expression("basket / spend_30d"),
)
REFS = ("all:spend_30d", "all:mean", "all:top", "all:basket_share")


def serve(store: FeatureStore, as_of: int, refs: tuple[str, ...] = REFS, basket: float = 12.5) -> list[Vector]:
    """Vectors as a server logs them: through JSON, NaN as null."""
    keys = [f"K{i}" for i in ENTITIES]
    answer = store.online_features(refs, keys, as_of, inputs={"basket_value": basket})
    return [
        Vector(
            entity="customer",
            key=key,
            as_of=as_of,
            watermark=answer.watermark,
            values={ref: _logged(values[place]) for ref, values in answer.values.items()},
            inputs={"basket_value": basket},
        )
        for place, key in enumerate(keys)
    ]


def _logged(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.floating) else value
    return None if plain != plain else json.loads(json.dumps(plain))


def changed(vector: Vector, values: Mapping[str, Any]) -> Vector:
    return Vector(**vars(vector) | {"values": {**vector.values, **values}})


@pytest.fixture
def world() -> World:
    return make(61, facts=150, entities=6)


@pytest.fixture
def store(world: World, open_store: Opener) -> FeatureStore:
    return open_store(with_heads(World(world.rows[:100])), all=VIEW)


def add(store: FeatureStore, world: World, first: int, last: int) -> None:
    assert isinstance(store.records, InlineRecords)
    store.records.add("order_lines", World(world.rows[first:last]).table_rows())
    store.refresh()


def test_what_was_served_is_what_is_computed_again_whatever_has_arrived_since(
    store: FeatureStore, world: World
) -> None:
    served = []
    for first in range(100, 150, 10):
        store.materialize()
        served += [item for moment in (20 * DAY, 45 * DAY) for item in serve(store, moment)]
        add(store, world, first, first + 10)  # late rows, corrections and deletions of what was served
    report = check_skew(store, served)
    assert (report.rows, report.features, report.skews) == (len(served), 4, ())
    assert report.lines() == [f"{len(served)} served vectors computed again offline: 0 of 4 features differ"]
    without = [Vector(**vars(item) | {"watermark": None}) for item in served]
    assert check_skew(store, without).skews, "the arrivals made no difference: the test shows nothing"


def test_a_server_with_an_older_view_is_found(store: FeatureStore, world: World, open_store: Opener) -> None:
    older = FeatureView(
        entity=customer,
        spend=lines.amount.sum(days(30)),
        mean=lines.quantity.max(),
        top=lines.category.last(),
        basket=request("basket_value"),
        basket_share=expression("basket / spend_30d"),
    )
    server = open_store(with_heads(World(world.rows[:100])), all=older)
    for opened in (server, store):
        opened.refresh()
        opened.materialize()
    report = check_skew(store, serve(server, 45 * DAY))
    assert {item.ref for item in report.skews} == {"all:mean", "all:top"}
    right = {item.key: item.values for item in serve(store, 45 * DAY)}
    for item in report.skews:
        assert item.replayed == right[item.key][item.ref] != item.served
        assert item.differing == sum(
            vector.values[item.ref] != right[vector.key][item.ref] for vector in serve(server, 45 * DAY)
        )
    assert report.skews[0].share >= report.skews[1].share


def test_the_smallest_difference_counts_and_the_example_tells_it(store: FeatureStore) -> None:
    store.refresh()
    store.materialize()
    served = serve(store, 45 * DAY)
    place = next(i for i, item in enumerate(served) if item.values["all:mean"] is not None)
    value = served[place].values["all:mean"]
    wrong = float(np.nextafter(value, np.inf))  # type: ignore[arg-type]  # a number
    served[place] = changed(served[place], {"all:mean": wrong})
    told = check_skew(store, served).to_json()
    assert told["skews"] == [
        {
            "ref": "all:mean",
            "rows": 7,
            "differing": 1,
            "share": round(1 / 7, 6),
            "example": {
                "key": served[place].key,
                "as_of": "1970-02-15T00:00:00Z",
                "served": wrong,
                "replayed": value,
            },
        }
    ]
    assert json.loads(json.dumps(told)) == told


def test_null_and_zero_differ(store: FeatureStore) -> None:
    store.refresh()
    store.materialize()
    served = [changed(item, {"all:spend_30d": item.values["all:spend_30d"] or None}) for item in serve(store, 45 * DAY)]
    zeros = sum(item.values["all:spend_30d"] is None for item in served)
    assert zeros > 0
    assert [(item.ref, item.differing) for item in check_skew(store, served).skews] == [("all:spend_30d", zeros)]


def test_who_is_gone_what_is_undeclared_and_what_came_without_inputs_is_told(store: FeatureStore) -> None:
    store.refresh()
    store.materialize()
    served = serve(store, 45 * DAY)
    gone = Vector(**vars(served[0]) | {"key": "K999"})
    stranger = changed(served[1], {"all:forgotten": 1.0})
    without = Vector(**vars(served[2]) | {"inputs": {}})
    report = check_skew(store, [gone, stranger, without])
    assert (report.rows, report.gone, report.unknown, report.skews) == (2, 1, ("all:forgotten",), ())
    assert report.lines()[1:] == [
        "1 vectors are of entities that are no longer there",
        "no view declares all:forgotten any more",
    ]


def test_only_so_many_arrivals_are_replayed(store: FeatureStore) -> None:
    store.refresh()
    store.materialize()
    one = serve(store, 45 * DAY)[0]
    report = check_skew(store, [Vector(**vars(one) | {"watermark": mark}) for mark in range(1, ARRIVALS + 6)])
    assert (report.rows, report.passed_over) == (ARRIVALS, 5)
    assert "5 vectors were passed over: they rest on too many different arrivals" in report.lines()


def test_nothing_served_is_nothing_wrong(store: FeatureStore) -> None:
    report = check_skew(store, [])
    assert (report.rows, report.features, report.skews) == (0, 0, ())


def test_a_lifetime_is_replayed_too(open_store: Opener) -> None:
    view = FeatureView(entity=customer, lines=lines.count(lifetime))
    store = open_store(with_heads(make(62, facts=40, entities=6)), all=view)
    store.materialize()
    answer = store.online_features(["all:lines"], ["K1"], 45 * DAY)
    vector = Vector("customer", "K1", 45 * DAY, answer.watermark, {"all:lines": float(answer.values["all:lines"][0])})
    assert check_skew(store, [vector]).skews == ()
