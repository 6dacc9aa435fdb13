"""The online home: bit for bit the offline values, whatever way the states were brought up to date."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from crm.clock import DAY
from crm.schema import Customer
from features import (
    FeatureStore,
    FeatureView,
    InlineRecords,
    OnlineStoreError,
    customer,
    days,
    expression,
    ratio,
    states,
)
from features.checks import same_words
from features.online.protocol import Packed
from features.online.sqlite import SQLiteStore
from tests.features.conftest import Opener
from tests.features.test_oracle import spine_of
from tests.features.worlds import World, alive, every_operation, lines, make, moments_for

ENTITIES = range(1, 8)


def with_heads(world: World) -> InlineRecords:
    """Records that hold the world's rows, and the customers themselves."""
    records = world.records()
    heads = [{"id": i, "customer_no": f"K{i}", "kind": "b2c", "occurred_at": -(2**50)} for i in ENTITIES]
    records.add("customers_versions", heads)
    return records


def replay(store: FeatureStore, moments: list[int]) -> None:
    """Ask online for every entity at every moment and compare with the offline answer, bit for bit."""
    entities, refs = len(ENTITIES), [f"{name}:*" for name in store.views]
    offline = store.historical_features(refs, spine_of([(i, moment) for moment in moments for i in ENTITIES]))
    columns = {name: offline[name].to_numpy() for name in offline.columns}
    for place, moment in enumerate(moments):
        answer = store.online_features(refs, [f"K{i}" for i in ENTITIES], moment)
        assert answer.ids.tolist() == list(ENTITIES)
        for ref, found in answer.values.items():
            wanted = columns[ref.replace(":", "__")][place * entities : (place + 1) * entities]
            assert same_words(found, wanted), (ref, moment, found, wanted)


def moments_of(world: World, seed: int, count: int) -> list[int]:
    return [moment for _, moment in moments_for(world, seed, count)]


@pytest.mark.parametrize("seed", [41, 42])
def test_online_equals_offline_bit_for_bit(seed: int, open_store: Opener) -> None:
    world = make(seed, facts=150, entities=6, skewed=seed == 42)
    store = open_store(with_heads(world), all=every_operation(), alive=alive())
    store.refresh()
    store.materialize()
    replay(store, moments_of(world, seed, 400))


def test_many_keys_at_once_equal_one_by_one(open_store: Opener) -> None:
    world = make(43, facts=150, entities=6)
    store = open_store(with_heads(world), all=every_operation())
    store.materialize()
    keys = ["K3", "K1", "nobody", "K3", "K6"]
    together = store.online_features(["all:*"], keys, 30 * DAY)
    assert together.ids.tolist() == [3, 1, -1, 3, 6]
    assert together.status["all"] == ["OK", "OK", "NOT_FOUND", "OK", "OK"]
    for ref, column in together.values.items():
        alone = [store.online_features([ref], [key], 30 * DAY).values[ref][0] for key in keys]
        assert repr(list(column)) == repr(alone)


@pytest.mark.parametrize(("seed", "compact_rows"), [(44, 0), (45, 0), (44, 10**9), (45, 60)])
def test_any_split_of_incremental_work_equals_one_full_run(seed: int, compact_rows: int, open_store: Opener) -> None:
    world = make(seed, facts=120, entities=6)
    draw = random.Random(seed)
    records = with_heads(World())
    store = open_store(records, compact_rows, all=every_operation())
    begin, incremental = 0, 0
    while begin < len(world.rows):
        size = draw.randrange(1, 50)
        records.add("order_lines", World(world.rows[begin : begin + size]).table_rows())
        store.refresh()
        incremental += not store.materialize("customer").full["customer"]
        begin += size
    assert incremental > 0
    replay(store, moments_of(world, seed, 40))


@pytest.mark.parametrize("compact_rows", [0, 10**9])
def test_only_touched_entities_are_rewritten(compact_rows: int, open_store: Opener) -> None:
    records = with_heads(make(46, facts=100, entities=6))
    store = open_store(records, compact_rows, all=every_operation())
    assert store.materialize("customer").entities == {"customer": 7}
    records.add("order_lines", [{"id": 900, "customer_id": 2, "kind": "sale", "amount": 1, "occurred_at": 70 * DAY}])
    records.add("order_lines", [{"id": 900, "customer_id": 5, "kind": "sale", "amount": 1, "occurred_at": 70 * DAY}])
    store.refresh()
    report = store.materialize("customer")
    assert (report.entities, report.full) == ({"customer": 2}, {"customer": False})
    assert store.materialize("customer").entities == {"customer": 0}


def test_a_text_never_seen_before_is_answered_after_an_incremental_run(open_store: Opener) -> None:
    records = with_heads(World())
    view = FeatureView(entity=customer, top=lines.category.mode(), gifts=lines.where(lines.kind == "gift").count())
    store = open_store(records, all=view)
    store.refresh()
    store.materialize()
    assert store.online_features(["all:*"], ["K1"], DAY).values["all:gifts"].tolist() == [0]
    records.add("order_lines", [{"customer_id": 1, "kind": "gift", "category": "new", "occurred_at": 5}])
    store.refresh()
    store.materialize()
    answer = store.online_features(["all:*"], ["K1"], DAY)
    assert answer.values["all:gifts"].tolist() == [1]
    assert answer.values["all:top"].tolist() == ["new"]


TTL = FeatureView(
    entity=customer, ttl=days(2), last=lines.quantity.last(), n=lines.count(), old=lines.quantity.last(days(9))
)


@pytest.mark.parametrize(("age", "alive"), [(2 * DAY - 1, True), (2 * DAY, True), (2 * DAY + 1, False)])
def test_a_time_to_live_gives_one_verdict_offline_and_online(age: int, alive: bool, open_store: Opener) -> None:
    records = with_heads(World())
    records.add("order_lines", [{"customer_id": 1, "quantity": 4.0, "occurred_at": 0, "known_at": -1}])
    store = open_store(records, all=TTL)
    store.materialize()
    offline = store.historical_features(["all:*"], spine_of([(1, age)])).iloc[0]
    answer = store.online_features(["all:*"], ["K1", "K2", "nobody"], age)
    assert answer.status["all"] == ["OK" if alive else "EXPIRED", "OK", "NOT_FOUND"]
    assert [offline["all__last"], offline["all__n"], offline["all__old_9d"]] == pytest.approx(
        [4.0 if alive else np.nan, 1, 4.0], nan_ok=True
    )
    assert answer.values["all:last"][0] == pytest.approx(offline["all__last"], nan_ok=True)


def test_formulas_are_the_same_online(open_store: Opener) -> None:
    world = make(47, facts=150, entities=6)
    view = FeatureView(
        entity=customer,
        spend=lines.amount.sum(days(7, 30)),
        q=lines.quantity.mean(days(30)),
        trend=ratio("spend_7d", "spend_30d"),
        size=expression("where(isnan(q_30d), -1, log1p(q_30d) ** 1.5 + exp(-trend))"),
    )
    store = open_store(with_heads(world), all=view)
    store.materialize()
    replay(store, moments_of(world, 47, 200))


def test_eight_threads_get_what_one_gets(open_store: Opener) -> None:
    world = make(48, facts=150, entities=6)
    store = open_store(with_heads(world), all=every_operation(windows=days(30)))
    store.materialize()
    wanted = {i: store.online_features(["all:*"], [f"K{i}"], 30 * DAY).values for i in ENTITIES}
    wrong: list[str] = []

    def ask(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(30):
            i = draw.choice(ENTITIES)
            found = store.online_features(["all:*"], [f"K{i}"], 30 * DAY).values
            wrong.extend(ref for ref in found if repr(found[ref]) != repr(wanted[i][ref]))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_events_online_are_the_visible_rows_oldest_first(open_store: Opener) -> None:
    records = with_heads(World())
    rows: list[dict[str, object]] = [
        {"customer_id": 1, "product_id": 8, "category": "tea", "amount": 2, "occurred_at": 20},
        {"customer_id": 1, "product_id": 7, "amount": 1, "occurred_at": 10},
        {"customer_id": 1, "product_id": 9, "occurred_at": 30},
    ]
    records.add("order_lines", rows)
    store = open_store(records, all=every_operation())
    store.materialize()
    bought, nobody = store.online_events("customer", "order_lines.customer", ["K1", "nobody"], 30)
    assert bought["product_id"].tolist() == [7, 8]
    assert bought["category"].tolist() == [None, "tea"]
    assert bought["amount"].tolist() == [10_000, 20_000]
    assert nobody["product_id"].tolist() == []


def test_the_moment_is_the_materialized_one_unless_given(open_store: Opener) -> None:
    records = with_heads(World())
    records.add("order_lines", [{"customer_id": 1, "occurred_at": 10}])
    store = open_store(records, all=FeatureView(entity=customer, n=lines.count()))
    store.materialize(as_of=10)
    assert store.online_features(["all:n"], ["K1"]).values["all:n"].tolist() == [0]
    assert store.online_features(["all:n"], ["K1"]).as_of == 10
    assert store.online_features(["all:n"], ["K1"], 11).values["all:n"].tolist() == [1]
    store.materialize()
    assert store.online_features(["all:n"], ["K1"]).values["all:n"].tolist() == [1]


def test_nothing_materialized_is_one_sentence(open_store: Opener) -> None:
    store = open_store(with_heads(World()), all=every_operation())
    with pytest.raises(
        OnlineStoreError, match="holds no customer yet; materialized states are expected; run rapport mat"
    ):
        store.online_features(["all:count"], ["K1"], 5)


def test_a_feature_that_was_not_materialized_is_one_sentence(open_store: Opener, tmp_path: Path) -> None:
    records = with_heads(World())
    open_store(records, all=FeatureView(entity=customer, who=states(Customer, entity=customer).country)).materialize()
    store = open_store(records, all=FeatureView(entity=customer, n=lines.count()))
    store.online.store.close()
    store.online.store = SQLiteStore(tmp_path / "store0" / "online.db")
    with pytest.raises(OnlineStoreError, match=r"has no order_lines.customer.occurred_at; .* materialize again"):
        store.online_features(["all:n"], ["K1"], 5)


def test_a_store_that_is_not_sqlite_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    path.write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(OnlineStoreError, match=r"does not answer .* remove the file and materialize again"):
        SQLiteStore(path)


def test_a_failed_write_leaves_what_was_there(open_store: Opener) -> None:
    world = make(49, facts=60, entities=3)
    store = open_store(with_heads(world), all=every_operation())
    store.materialize()
    sqlite = store.online.store
    stamp = sqlite.stamp("customer")
    assert stamp is not None

    def failing() -> Iterator[Packed]:
        yield Packed("K1", 1, 0, b"")
        raise sqlite3.OperationalError("disk is full")

    with pytest.raises(OnlineStoreError, match="disk is full"):
        sqlite.replace("customer", stamp.token, stamp, failing())
    replay(store, moments_of(world, 49, 5))
