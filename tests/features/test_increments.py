"""Materializing bit by bit: any split ends as one run does, killed runs leave old or new, and tails stay short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.clock import DAY
from features import FeatureStore, FeatureView, customer, open_inline
from features.online import pack as packing
from features.online.checks import STAMP
from features.online.materialize import TAIL_ROWS, TAIL_SHARE
from features.online.pack import Layout
from tests.features.conftest import Opener
from tests.features.test_online import ENTITIES, replay, with_heads
from tests.features.worlds import World, every_operation, lines, make

KEYS = [f"K{i}" for i in ENTITIES]


def contents(store: FeatureStore) -> dict[str, Any]:
    """All that the states hold, texts for codes: a full run may have met the texts in another order."""
    known, words, begins, ids = store.online.states("customer", KEYS)
    layout = Layout.read(known.stamp.layout)
    found: dict[str, Any] = {"layout": layout, "watermark": known.stamp.watermark, "ids": ids.tolist()}
    for key, begin in zip(KEYS, begins.tolist(), strict=True):
        for place, (log, columns) in enumerate(layout.logs):
            rows, start = int(words[begin + 2 + 2 * place]), begin + int(words[begin + 3 + 2 * place])
            texts = known.dictionaries[log].texts
            for i, name in enumerate(columns):
                values = words[start + i * rows : start + (i + 1) * rows]
                decoded = known.dictionaries[log].decode(name, values).tolist() if name in texts else values.tobytes()
                found[f"{key} {log} {name}"] = decoded
    return found


def tails(store: FeatureStore) -> dict[str, int]:
    """How many bytes each tail has."""
    _, held = store.online.store.read("customer", KEYS)
    return {key: len(item[1]) for key, item in zip(KEYS, held, strict=True) if item is not None and item[1] is not None}


@pytest.mark.slow
@settings(max_examples=12, deadline=None, derandomize=False, print_blob=True)
@given(
    seed=st.integers(0, 10**6),
    cuts=st.lists(st.integers(0, 160), max_size=12),
    compact_rows=st.sampled_from([0, 25, 10**9]),
    in_order=st.booleans(),
)
def test_any_split_ends_as_one_run(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int], compact_rows: int, in_order: bool
) -> None:
    world = make(seed, facts=100, entities=6)
    if in_order:  # as things happen, so that most rows are appended
        world.rows.sort(key=lambda row: (row["known_at"], row["occurred_at"]))
    folder = tmp_path_factory.mktemp("split")
    records, whole = with_heads(World()), with_heads(world)
    store = open_inline({"all": every_operation()}, records, folder / "split", compact_rows=compact_rows)
    store.materialize("customer")
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(world.rows)], strict=True):
        records.add("order_lines", World(world.rows[begin:end]).table_rows())
        store.refresh()
        store.materialize("customer")
    alone = open_inline({"all": every_operation()}, whole, folder / "whole")
    alone.materialize("customer")
    try:
        assert contents(store) == contents(alone)
    finally:
        store.close()
        alone.close()


def test_rows_that_follow_are_appended_and_others_are_worked_in(open_store: Opener) -> None:
    view = FeatureView(entity=customer, n=lines.count(), total=lines.quantity.sum(), last=lines.category.last())
    records = with_heads(World())
    store = open_store(records, all=view)
    row = {"kind": "sale", "amount": 1, "quantity": 0.1}
    records.add("order_lines", [row | {"customer_id": 1, "occurred_at": i * DAY} for i in range(100)])
    records.add("order_lines", [row | {"customer_id": 2, "occurred_at": i * DAY} for i in range(100)])
    store.materialize("customer")
    assert tails(store) == {}
    for day in (100, 101):
        records.add("order_lines", [row | {"customer_id": 1, "occurred_at": day * DAY, "category": f"new{day}"}])
        store.refresh()
        assert store.materialize("customer").entities == {"customer": 1}
        assert list(tails(store)) == ["K1"]
        replay(store, [(day - 1) * DAY, day * DAY, day * DAY + 1, 300 * DAY])
    late = row | {"customer_id": 1, "occurred_at": 50 * DAY, "known_at": 102 * DAY}
    records.add("order_lines", [late])
    store.refresh()
    store.materialize("customer")
    assert tails(store) == {}
    replay(store, [50 * DAY, 101 * DAY, 102 * DAY, 102 * DAY + 1])


def test_a_correction_of_an_old_row_rewrites_its_base(open_store: Opener) -> None:
    view = FeatureView(entity=customer, n=lines.count(), total=lines.amount.sum())
    records = with_heads(World())
    store = open_store(records, all=view)
    row = {"kind": "sale", "amount": 1, "customer_id": 1}
    records.add("order_lines", [row | {"id": i + 1, "occurred_at": i * DAY} for i in range(60)])
    store.materialize("customer")
    records.add("order_lines", [row | {"id": 100, "occurred_at": 60 * DAY}])
    store.refresh()
    store.materialize("customer")
    assert list(tails(store)) == ["K1"]
    fresh = {"id": 100, "occurred_at": 60 * DAY, "known_at": 62 * DAY, "customer_id": 2}
    records.add("order_lines", [row | {"id": 5, "occurred_at": 4 * DAY, "known_at": 61 * DAY, "amount": 7}])
    records.add("order_lines", [row | fresh])
    store.refresh()
    store.materialize("customer")
    assert "K1" not in tails(store)
    replay(store, [day * DAY + 1 for day in (4, 59, 60, 61, 62, 90)])


def test_a_tail_stays_short(open_store: Opener) -> None:
    view = FeatureView(entity=customer, n=lines.count())
    records = with_heads(World())
    store = open_store(records, all=view)
    store.materialize("customer")
    rewritten = 0
    for day in range(70):
        records.add("order_lines", [{"kind": "sale", "amount": 1, "customer_id": 1, "occurred_at": day * DAY}])
        store.refresh()
        store.materialize("customer")
        known, words, begins, _ = store.online.states("customer", ["K1"])
        rows = int(words[begins[0] + 2 + 2 * known.layout.place(lines.log, "occurred_at")[0]])
        assert rows == day + 1
        _, held = store.online.store.read("customer", ["K1"])
        assert held[0] is not None
        rewritten += held[0][1] is None
        most = (TAIL_ROWS + (day + 1) / (TAIL_SHARE + 1) + 2) * len(layout_columns(store)) * 8
        assert held[0][1] is None or len(held[0][1]) < most + 200
    assert 2 <= rewritten <= 5


def layout_columns(store: FeatureStore) -> tuple[str, ...]:
    layout = store.online.known("customer").layout
    return max((columns for _, columns in layout.logs), key=len)


def test_a_store_that_is_ahead_of_the_history_is_left_alone(open_store: Opener) -> None:
    records = with_heads(World())
    store = open_store(records, all=FeatureView(entity=customer, n=lines.count()))
    store.materialize("customer")
    behind = open_store(records, all=FeatureView(entity=customer, n=lines.count()))
    behind.refresh()
    records.add("order_lines", [{"kind": "sale", "amount": 1, "customer_id": 1, "occurred_at": 5}])
    store.refresh()
    store.materialize("customer")
    behind.online.store.close()
    behind.online.store = store.online.store
    before = store.online.store.stamp("customer")
    assert behind.materialize("customer").entities == {"customer": 0}
    assert store.online.store.stamp("customer") == before


def test_records_that_were_set_back_are_materialized_anew(open_store: Opener) -> None:
    view = FeatureView(entity=customer, n=lines.count())
    records = with_heads(World())
    records.add("order_lines", [{"kind": "sale", "amount": 1, "customer_id": 1, "occurred_at": 5}])
    ahead = open_store(records, all=view)
    ahead.materialize("customer")
    store = open_store(with_heads(World()), all=view)
    store.online.store.close()
    store.online.store = ahead.online.store
    assert store.materialize("customer").full == {"customer": True}
    assert store.online_features(["all:n"], ["K1"], 9).values["all:n"].tolist() == [0]


def test_packing_in_pieces_changes_nothing(open_store: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    records = with_heads(make(9, facts=80))
    whole = open_store(records, all=every_operation())
    whole.materialize("customer")
    monkeypatch.setattr(packing, "WORDS", 600)
    parted = open_store(records, all=every_operation())
    parted.materialize("customer")
    readers = parted.history.readers(parted.logs_of(customer))
    assert len(list(packing._packed(readers, np.array(ENTITIES)))) > 2
    assert contents(parted) == contents(whole)


def test_nothing_is_written_twice_at_once(open_store: Opener) -> None:
    store = open_store(with_heads(make(5, facts=20)), all=every_operation())
    store.materialize("customer")
    online = store.online.store
    stamp = online.stamp("customer")
    assert stamp is not None
    online.update("customer", stamp.token, STAMP, [], [])
    assert store.materialize("customer").full == {"customer": True}, "its layout is not ours"
    assert np.all(store.online_features(["all:*"], KEYS, 5).ids > 0)
