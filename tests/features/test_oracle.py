"""Every aggregation over every window equals the oracle's, row by row."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from features import Condition, FeatureView, customer
from features.checks import same_bits
from tests.features.asking import Oracle, Row
from tests.features.conftest import Opener
from tests.features.worlds import TTL, World, alive, every_operation, lines, make, moments_for

WORLDS: dict[str, Callable[[], World]] = {
    "sparse": lambda: make(1, facts=12, entities=8),
    "dense": lambda: make(2, facts=200, entities=3),
    "skewed": lambda: make(3, facts=200, entities=6, skewed=True),
    "tied": lambda: make(4, facts=60, entities=2, span=3),
    "long": lambda: make(5, facts=150, entities=4, span=20_000 * 86_400_000_000),
}


def compare(frame: pd.DataFrame, world: World, known: int | None = None) -> list[str]:
    """Where the store and the oracle differ."""
    wrong, oracle = [], Oracle(world.rows)
    for row in frame.to_dict("records"):
        for name, found in row.items():
            view, _, plain = str(name).partition("__")
            if view not in ("all", "alive"):
                continue
            ttl = TTL[0].width if view == "alive" else None
            if not oracle.agrees(plain, found, row["customer_id"], row["as_of"], known, ttl):
                wanted = oracle.ask(plain, row["customer_id"], row["as_of"], known, ttl)
                wrong.append(f"{name} of {row['customer_id']} at {row['as_of']}: {found!r}, the oracle says {wanted!r}")
    return wrong


def spine_of(pairs: list[tuple[int, int]]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["customer_id", "as_of"])


@pytest.mark.parametrize("name", WORLDS)
def test_every_aggregation_over_every_window(name: str, open_store: Opener) -> None:
    world = WORLDS[name]()
    store = open_store(world.records(), all=every_operation(), alive=alive())
    frame = store.historical_features(["all:*", "alive:*"], spine_of(moments_for(world, 11, 60)))
    assert compare(frame, world) == []


def test_a_knowledge_cutoff_of_its_own(open_store: Opener) -> None:
    world = make(6, facts=100, entities=3)
    store = open_store(world.records(), all=every_operation())
    spine = spine_of(moments_for(world, 12, 40))
    known = 25 * 86_400_000_000
    assert compare(store.historical_features(["all:*"], spine, known_before=known), world, known) == []
    per_row = spine.assign(known_before=known)
    again = store.historical_features(["all:*"], per_row).drop(columns="known_before")
    same_bits(again, store.historical_features(["all:*"], spine, known_before=known))


CONDITIONS: dict[str, tuple[Callable[[], Condition], Callable[[Row], bool]]] = {
    "kind is sale": (lambda: lines.kind == "sale", lambda row: row["kind"] == "sale"),
    "kind is not sale": (lambda: lines.kind != "sale", lambda row: row["kind"] not in (None, "sale")),
    "kind was never seen": (lambda: lines.kind == "gift", lambda row: False),
    "one of two": (lambda: lines.category.is_in(["tea", "zimt"]), lambda row: row["category"] in ("tea", "zimt")),
    "null": (lambda: lines.quantity.is_null(), lambda row: row["quantity"] is None),
    "not null": (lambda: lines.kind.not_null(), lambda row: row["kind"] is not None),
    "money above": (lambda: lines.amount > 5, lambda row: row["amount"] is not None and row["amount"] > 50_000),
    "float below": (lambda: lines.quantity < 0.2, lambda row: row["quantity"] is not None and row["quantity"] < 0.2),
    "float equal": (lambda: lines.quantity == 0.2, lambda row: row["quantity"] == 0.2),
    "whole up to": (lambda: lines.line_no <= 4, lambda row: row["line_no"] is not None and row["line_no"] <= 4),
    "id equal": (lambda: lines.product_id == 12, lambda row: row["product_id"] == 12),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_leave_out_rows(name: str, open_store: Opener) -> None:
    condition, passes = CONDITIONS[name]
    world = make(7, facts=120, entities=3)
    source = lines.where(condition())
    view = FeatureView(
        entity=customer,
        count=source.count(),
        sum__amount=source.amount.sum(),
        last__category=source.category.last(),
        nunique__product_id=source.product_id.nunique(),
        time_since_last=source.time_since_last(),
    )
    store = open_store(world.records(), all=view)
    frame = store.historical_features(["all:*"], spine_of(moments_for(world, 13, 40)))
    oracle = Oracle(world.rows, passes)
    for row in frame.to_dict("records"):
        for feature in view.fields:
            found = row[f"all__{feature}"]
            assert oracle.agrees(feature, found, row["customer_id"], row["as_of"]), (name, feature, row)


def test_two_conditions_both_hold(open_store: Opener) -> None:
    world = make(8, facts=120, entities=2)
    source = lines.where(lines.kind == "sale", lines.line_no > 2).where(lines.category != "tea")
    store = open_store(world.records(), all=FeatureView(entity=customer, count=source.count()))
    frame = store.historical_features(["all:count"], spine_of(moments_for(world, 14, 30)))
    oracle = Oracle(
        world.rows,
        lambda row: row["kind"] == "sale" and (row["line_no"] or 0) > 2 and row["category"] not in (None, "tea"),
    )
    for row in frame.to_dict("records"):
        assert row["all__count"] == oracle.ask("count", row["customer_id"], row["as_of"])
