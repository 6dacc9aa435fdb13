"""What was known when: late rows, corrections, deletions, moves to another entity, and arrival."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest

from crm import AttributeInfo
from crm.clock import DAY
from crm.schema import AttributeValue, Event
from features import FeatureView, InlineRecords, attributes, check, customer, events
from features.checks import same_bits
from tests.features.conftest import Opener
from tests.features.test_oracle import spine_of
from tests.features.worlds import World, every_operation, lines, make, moments_for

T = 1_700_000_000_000_000
visits = events(Event, entity=customer)
VIEW = FeatureView(entity=customer, n=lines.count(), spend=lines.amount.sum())


def spend(rows: Sequence[Mapping[str, object]], *spine: tuple[int, int]) -> list[float]:
    return list(check(VIEW, {"order_lines": rows}, list(spine))["spend"])


def test_a_late_row_counts_from_when_it_was_known() -> None:
    late = {"customer_id": 1, "amount": 5, "occurred_at": T, "known_at": T + DAY}
    assert spend([late], (1, T + 1), (1, T + DAY), (1, T + DAY + 1)) == [0, 0, 5]


def test_a_correction_replaces_and_the_past_stays_as_it_was_known() -> None:
    first = {"id": 3, "customer_id": 1, "amount": 5, "occurred_at": T, "known_at": T}
    second = first | {"amount": 7, "known_at": T + DAY}
    assert spend([first, second], (1, T + 1), (1, T + DAY), (1, T + DAY + 1)) == [5, 5, 7]
    assert spend([second, first], (1, T + 1), (1, T + DAY), (1, T + DAY + 1)) == [5, 5, 7]


def test_a_deletion_takes_away_from_when_it_was_known() -> None:
    row = {"id": 3, "customer_id": 1, "amount": 5, "occurred_at": T, "known_at": T}
    gone = {"id": 3, "customer_id": 1, "op": "retract", "known_at": T + DAY}
    assert spend([row, gone], (1, T + DAY), (1, T + DAY + 1)) == [5, 0]


def test_a_fact_that_moves_to_another_entity_leaves_the_first() -> None:
    row = {"id": 3, "customer_id": 1, "amount": 5, "occurred_at": T, "known_at": T}
    moved = row | {"customer_id": 2, "known_at": T + DAY}
    spine = [(1, T + DAY), (2, T + DAY), (1, T + DAY + 1), (2, T + DAY + 1)]
    assert spend([row, moved], *spine) == [5, 0, 0, 5]


def test_a_fact_that_loses_its_entity_leaves_it() -> None:
    row = {"id": 3, "customer_id": 1, "amount": 5, "occurred_at": T, "known_at": T}
    assert spend([row, row | {"customer_id": None, "known_at": T + DAY}], (1, T + DAY), (1, T + DAY + 1)) == [5, 0]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_what_another_view_asks_for_decides_no_tie(order: list[int], open_store: Opener) -> None:
    """``session_no`` stands before ``value`` in the alphabet, and is only kept where a view asks for it."""
    told = {"id": 3, "customer_id": 1, "occurred_at": T, "known_at": T}
    rows = [told | {"value": 1.0, "session_no": "z"}, told | {"value": 2.0, "session_no": "a"}]
    records = InlineRecords({"events": [rows[place] for place in order]})
    value = FeatureView(entity=customer, value=visits.value.last())
    session = FeatureView(entity=customer, session=visits.session_no.last())
    spine = {"customer_id": [1], "as_of": [T + 1]}
    alone = open_store(records, v=value).historical_features(["v:*"], spine)
    beside = open_store(records, v=value, s=session).historical_features(["v:*", "s:*"], spine)
    assert alone["v__value"].tolist() == beside["v__value"].tolist() == [2.0]
    assert beside["s__session"].tolist() == ["a"]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_at_one_known_at_a_deletion_wins(order: list[int]) -> None:
    rows: list[dict[str, object]] = [
        {"id": 3, "customer_id": 1, "amount": 5, "occurred_at": T, "known_at": T},
        {"id": 3, "customer_id": 1, "op": "retract", "occurred_at": T, "known_at": T},
    ]
    assert spend([rows[i] for i in order], (1, T + 1)) == [0]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_at_one_known_at_the_greater_content_wins(order: list[int]) -> None:
    rows = [
        {"id": 3, "customer_id": 1, "amount": 5, "category": "zebra", "occurred_at": T, "known_at": T},
        {"id": 3, "customer_id": 1, "amount": 5, "category": "ant", "occurred_at": T, "known_at": T},
    ]
    view = FeatureView(entity=customer, last=lines.category.last(), n=lines.count())
    frame = check(view, {"order_lines": [rows[i] for i in order]}, [(1, T + 1)])
    assert frame[["last", "n"]].iloc[0].tolist() == ["zebra", 1]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_of_two_facts_that_say_the_same_the_source_s_key_decides_which_stands(
    order: list[int], open_store: Opener
) -> None:
    """It shows when one of them is withdrawn."""
    said = {"customer_id": 1, "definition_id": 1, "is_cleared": False, "value_text": "gold", "occurred_at": T}
    facts = [{**said, "id": number, "source_key": f"plan-{number}", "known_at": T} for number in (1, 2)]
    gone = {**facts[0], "op": "retract", "known_at": T + DAY}
    info = [AttributeInfo(1, "plan", None, "text", None, "business", "always", None)]
    rows = [*(facts[place] for place in order), gone]
    records = InlineRecords({"attribute_values": rows}, attributes={"customer": info})
    view = FeatureView(entity=customer, dynamic=attributes(AttributeValue, entity=customer))
    found = open_store(records, a=view).historical_features(["a:plan"], {"customer_id": [1], "as_of": [T + 2 * DAY]})
    assert found["a__plan"].tolist() == ["gold"]


@pytest.mark.parametrize("compact_rows", [0, 10**9])
def test_a_set_built_again_after_a_backfill_is_the_same(compact_rows: int, open_store: Opener) -> None:
    world = make(21, facts=120, entities=4)
    records = World(world.rows[:90]).records()
    store = open_store(records, compact_rows, all=every_operation())
    spine = spine_of(moments_for(world, 22, 40))
    watermark = store.refresh().watermark
    before = store.historical_features(["all:*"], spine)
    records.add("order_lines", World(world.rows[90:]).table_rows())
    store.refresh()
    same_bits(store.historical_features(["all:*"], spine, watermark=watermark), before)
    assert not store.historical_features(["all:*"], spine).equals(before)


@pytest.mark.parametrize("compact_rows", [0, 40, 10**9])
@pytest.mark.parametrize("seed", [31, 32])
def test_arrival_in_any_order_and_any_portions_gives_the_same(seed: int, compact_rows: int, open_store: Opener) -> None:
    world = make(seed, facts=100, entities=4)
    whole = open_store(world.records(), all=every_operation())
    spine = spine_of(moments_for(world, seed, 40))
    wanted = whole.historical_features(["all:*"], spine)
    draw = random.Random(seed)
    shuffled = draw.sample(world.rows, len(world.rows))
    records = World(shuffled[:0]).records()
    store = open_store(records, compact_rows, all=every_operation())
    begin = 0
    while begin < len(shuffled):
        size = draw.randrange(1, 40)
        records.add("order_lines", World(shuffled[begin : begin + size]).table_rows())
        store.refresh()
        begin += size
    same_bits(store.historical_features(["all:*"], spine), wanted)
