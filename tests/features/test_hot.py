"""Hot entities: large bases that are held, and tiles that stand for their rows, bit for bit the offline values."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from crm.clock import DAY
from features import FeatureStore, FeatureView, customer, days, lifetime
from features.online import held, postgres, redis_store, sqlite
from features.online.held import Holding
from features.online.protocol import Large, OnlineStore
from tests.features.conftest import Opener
from tests.features.test_online import moments_of, replay, with_heads
from tests.features.worlds import WINDOWS, World, every_operation, lines, make

FILTERED = FeatureView(
    entity=customer,
    sold=lines.where(lines.kind == "sale").quantity.sum((*days(1, 30), *lifetime)),
    sizes=lines.where(lines.kind == "sale", lines.quantity > 0).category.nunique((*days(7), *lifetime)),
    returns=lines.where(lines.kind == "return").count((*days(30), *lifetime)),
)


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every base is held, and every calendar day is a tile."""
    for store in (sqlite, redis_store, postgres):
        monkeypatch.setattr(store, "LARGE", 0)
    monkeypatch.setattr(held, "LEAST", 1)


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize("view", [every_operation(), FILTERED], ids=["every_operation", "filtered"])
@pytest.mark.parametrize(("seed", "span"), [(71, 60 * DAY), (72, 3 * DAY), (73, 4_000 * DAY), (74, 3)])
def test_small_worlds_through_tiles_equal_offline(seed: int, span: int, view: FeatureView, open_store: Opener) -> None:
    world = make(seed, facts=150, entities=4, span=span, skewed=seed == 72)
    store = open_store(with_heads(world), all=view)
    store.materialize()
    replay(store, moments_of(world, seed, 80))


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize(("seed", "portion"), [(75, 7), (76, 23)])
def test_tiles_and_tails_in_any_portions_equal_offline(seed: int, portion: int, open_store: Opener) -> None:
    world = make(seed, facts=90, entities=3, span=9 * DAY)
    world.rows.sort(key=lambda row: int(row["known_at"]))
    records, tails = with_heads(World()), 0
    store = open_store(records, all=every_operation())
    for begin in range(0, len(world.rows), portion):
        records.add("order_lines", World(world.rows[begin : begin + portion]).table_rows())
        store.refresh()
        store.materialize("customer")
        tails += any(state is not None and state[1] is not None for state in _states(store))
        replay(store, moments_of(world, seed + begin, 4))
    assert tails > 0


def _states(store: FeatureStore) -> list[Any]:
    return store.online.store.read("customer", [f"K{i}" for i in range(1, 8)])[1]


def hot_world(facts: int = 100_000, entity: int = 1) -> World:
    """One entity's facts over 400 days: late, corrected, deleted, null and negative ones, and both zeros."""
    draw, world = random.Random(77), World()
    for pk in range(1, facts + 1):
        occurred = draw.randrange(400 * DAY)
        known = occurred + (draw.randrange(4 * DAY) if draw.random() < 0.1 else 0)
        world.rows.append(_hot_row(draw, pk, entity, occurred, known))
        if draw.random() < 0.05:
            late = known + draw.randrange(9 * DAY)
            world.rows.append(
                _hot_row(draw, pk, entity, occurred, late) | {"deleted": draw.random() < 0.3, "version": 2}
            )
    return world


def _hot_row(draw: random.Random, pk: int, entity: int, occurred: int, known: int) -> dict[str, Any]:
    return {
        "pk": pk,
        "version": 1,
        "entity": entity,
        "occurred_at": occurred,
        "known_at": known,
        "amount": draw.choice([None, draw.randrange(-(10**6), 10**6)]),
        "quantity": draw.choice([None, 0.0, -0.0, draw.gauss(0, 1e3), 1e9 + draw.random()]),
        "line_no": draw.choice([None, draw.randrange(1, 9)]),
        "product_id": draw.choice([None, draw.randrange(10, 40)]),
        "kind": draw.choice(["sale", "return"]),
        "category": draw.choice(["tea", "coffee", None]),
    }


@pytest.mark.slow
def test_a_hundred_thousand_events_equal_the_offline_values(online: OnlineStore, open_store: Opener) -> None:
    world, draw = hot_world(), random.Random(78)
    records = with_heads(world)
    store = open_store(records, all=every_operation())
    store.online.store.close()
    store.online.store = online
    store.materialize("customer")
    edges = [row["occurred_at"] + window.width for row, window in zip(world.rows, WINDOWS[:-1], strict=False)]
    replay(store, [399 * DAY, 400 * DAY, 500 * DAY, *edges, *(edge + 1 for edge in edges)])
    name, tail = _states(store)[0]
    assert isinstance(name, Large)
    assert tail is None

    later = [_hot_row(draw, 200_000 + i, 1, 401 * DAY + i, 401 * DAY + i) for i in range(50)]
    records.add("order_lines", World(later).table_rows())
    store.refresh()
    store.materialize("customer")
    assert _states(store)[0][0] == name
    assert _states(store)[0][1] is not None
    replay(store, [401 * DAY + 25, 402 * DAY, *edges])

    corrected = _hot_row(draw, 5, 1, 100 * DAY, 403 * DAY) | {"version": 3}
    records.add("order_lines", World([corrected]).table_rows())
    store.refresh()
    store.materialize("customer")
    assert _states(store)[0][0].written > name.written
    replay(store, [403 * DAY, 403 * DAY + 1, *edges])


def _names(numbers: range) -> list[Large]:
    return [Large(f"K{number}", 5) for number in numbers]


def test_a_base_is_read_once_until_it_is_written_anew() -> None:
    asked: list[Large] = []

    def read(entity: str, name: Large) -> bytes | None:
        asked.append(name)
        return None if name.written == 4 else bytes(64)

    holding, name = Holding(), Large("K1", 5)
    first = holding.base("customer", name, read)
    assert first is not None
    assert holding.base("customer", name, read) is first
    assert holding.base("customer", Large("K1", 4), read) is None
    fresh = holding.base("customer", Large("K1", 6), read)
    assert fresh is not None
    assert fresh is not first
    assert holding.base("lead", Large("K1", 6), read) is not fresh
    assert [name.written for name in asked] == [5, 4, 6, 6]
    holding.clear()
    assert holding.base("customer", Large("K1", 6), read) is not fresh


def test_no_more_is_held_than_there_is_room_for() -> None:
    asked: list[Large] = []

    def read(entity: str, name: Large) -> bytes:
        asked.append(name)
        return np.array([1, 1, 1, 4, 5, 5, 2**63 - 1]).tobytes()

    holding, names = Holding(room=120), _names(range(1, 4))
    for name in (names[0], names[1], names[0], names[2], names[0], names[1]):
        holding.base("customer", name, read)  # the third takes the place of the second, which was asked for longer ago
    assert asked == [names[0], names[1], names[2], names[1]]
    last = holding.base("customer", names[1], read)
    assert last is not None
    joined = holding.state(last, last.base)
    assert joined[2] == 2
    assert holding.state(last, last.base) is joined
    holding.base("customer", names[0], read)  # what was joined took the room
    assert asked[4:] == [names[0]]


@pytest.mark.usefixtures("everything_is_large")
def test_the_tiles_of_a_base_stay_while_only_its_tail_is_written(open_store: Opener) -> None:
    world = make(79, facts=60, entities=1, span=5 * DAY)
    records = with_heads(world)
    store = open_store(records, all=FILTERED)
    store.materialize("customer")
    holding = store.online.holding
    store.online_features(["all:*"], ["K1"], 30 * DAY)
    base = holding.base("customer", _states(store)[0][0], store.online.store.base)
    assert base is not None
    (before,) = base.tiles.values()
    records.add("order_lines", [{"customer_id": 1, "kind": "sale", "quantity": 2.0, "occurred_at": 90 * DAY}])
    store.refresh()
    store.materialize("customer")
    replay(store, [91 * DAY])
    assert base.joined is not None
    (after,) = base.tiles.values()
    assert after is before
