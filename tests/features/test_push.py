"""Pushes: durable, told once however often they come, the same in any order and from any number of processes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pytest

import crm
from configs import Settings
from crm import RecordsError
from crm.clock import DAY, from_micros
from features import FeatureError, FeatureStore, OnlineStoreError
from features.opening import open_online
from tests.features import shop
from tests.features.conftest import Opener, Urls
from tests.features.shop import answers, opened, some_visits, visit, visits
from tests.features.test_online import with_heads
from tests.features.worlds import World, every_operation, lines


@pytest.fixture
def store(settings: Settings) -> Iterator[FeatureStore]:
    """The shop, before anybody came."""
    shop.found(settings)
    with opened(settings) as made:
        yield made


def _counts(store: FeatureStore, at: int) -> list[float]:
    found = store.online_features(["v:n", "v:total"], ["A", "B"], at).values
    return [*found["v:n"].tolist(), *found["v:total"].tolist()]


def test_a_pushed_row_is_in_the_records_and_in_the_next_answer(store: FeatureStore) -> None:
    report = store.push(visits, [visit("1", "a", DAY, 2.5), visit("2", "b", DAY, 4.0)])
    assert (report.rows.inserted, report.entities) == (2, {"customer": 4})
    assert store.records.watermark() == report.watermark
    assert _counts(store, DAY) == [0, 0, 0, 0]
    assert _counts(store, DAY + 1) == [1, 1, 2.5, 4.0]
    report = store.push("events.customer", [visit("3", "a", 2 * DAY, 1.0)])
    assert (report.rows.inserted, report.entities) == (1, {"customer": 1})
    assert _counts(store, 3 * DAY) == [2, 1, 3.5, 4.0]


def test_the_same_row_again_changes_nothing(store: FeatureStore) -> None:
    row = visit("1", "a", DAY, 2.5)
    store.push(visits, [row, row])
    before = store.records.watermark()
    report = store.push(visits, [row])
    assert (report.rows.unchanged, report.entities) == (1, {"customer": 0})
    assert store.records.watermark() == before


def test_a_correction_counts_from_when_it_was_known_and_a_withdrawal_too(store: FeatureStore) -> None:
    store.push(visits, [visit("1", "a", DAY, 2.5)])
    store.push(visits, [visit("1", "a", DAY, 9.0, known_at=3 * DAY)])
    store.push(visits, [visit("1", "a", DAY, 9.0, known_at=5 * DAY, op="retract")])
    totals = [_counts(store, at)[2] for at in (2 * DAY, 4 * DAY, 6 * DAY)]
    assert totals == [2.5, 9.0, 0.0]


@pytest.mark.parametrize("form", ["arrow", "frame", "moments"])
def test_rows_come_in_any_form(form: str, store: FeatureStore) -> None:
    rows: Any = [visit("1", "a", DAY, 2.5), visit("2", "b", DAY, 4.0)]
    if form == "arrow":
        rows = pa.Table.from_pylist(rows)
    elif form == "frame":
        rows = pd.DataFrame(rows)
    else:
        rows = [row | {"occurred_at": from_micros(DAY), "known_at": from_micros(DAY)} for row in rows]
    store.push(visits, rows)
    assert _counts(store, DAY + 1) == [1, 1, 2.5, 4.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_frame_may_count_in_any_unit_of_time(unit: Literal["s", "ms", "us", "ns"], store: FeatureStore) -> None:
    frame = pd.DataFrame([visit("1", "a", DAY, 2.5), visit("2", "b", DAY, 4.0)])
    for name in ("occurred_at", "known_at"):
        frame[name] = pd.to_datetime(frame[name], unit="us", utc=True).dt.as_unit(unit)
    store.push(visits, frame)
    assert _counts(store, DAY + 1) == [1, 1, 2.5, 4.0]


def test_a_row_that_never_happened_is_refused(store: FeatureStore) -> None:
    rows = [visit("1", "a", DAY, 2.5), visit("2", "b", DAY, 4.0) | {"occurred_at": None}]
    before = store.records.watermark()
    with pytest.raises(FeatureError) as refused:
        store.push(visits, rows)
    assert str(refused.value) == (
        "row 2 of the rows pushed to events says null for occurred_at; the moment at which it happened is expected; "
        "add it"
    )
    assert store.records.watermark() == before
    gone = [
        visit("1", "a", DAY, 2.5),
        visit("1", "a", DAY, 2.5, known_at=2 * DAY, op="retract") | {"occurred_at": None},
    ]
    store.push(visits, gone)
    assert [_counts(store, at)[0] for at in (DAY + 1, 3 * DAY)] == [1, 0]


@pytest.mark.slow
def test_any_order_any_repetition_any_split_gives_the_same_bits(settings: Settings, tmp_path: Any) -> None:
    rows = some_visits(3, 12)
    assert len(rows) > 14, "there are corrections"
    told = set()
    for seed in range(4):
        draw, home = random.Random(seed), Settings(home=tmp_path / f"shop{seed}")
        shop.found(home)
        order = rows if seed == 0 else draw.sample(rows, len(rows)) + draw.sample(rows, 5)
        with opened(home, 0 if seed == 1 else 10) as store:
            begin = 0
            while begin < len(order):
                size = len(order) if seed == 0 else draw.randrange(1, 9)
                store.push(visits, order[begin : begin + size])
                begin += size
            told.add(answers(store))
    assert len(told) == 1


@pytest.mark.slow
def test_rows_that_tie_on_both_clocks_end_the_same_in_any_order(tmp_path: Path) -> None:
    rows = [
        visit("1", "a", DAY, 0.1, channel="web"),
        visit("2", "a", DAY, 0.2, channel="app"),
        visit("other", "a", DAY, 0.3, channel="shop"),
        visit("10", "a", DAY, None, channel="web"),
    ]
    told = set()
    for place, order in enumerate(itertools.permutations(rows)):
        home = Settings(home=tmp_path / f"shop{place}")
        shop.found(home)
        with opened(home, 0 if place % 2 else 10) as store:
            for row in order:
                store.push(visits, [row])
            told.add(answers(store))
    assert len(told) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_row_told_late_knows_nothing_that_came_after_it(order: tuple[int, ...], store: FeatureStore) -> None:
    late = {name: value for name, value in visit("1", "a", DAY, 2.0).items() if name != "channel"}
    told = [[late], [visit("1", "a", DAY, 3.0, channel="app", known_at=9 * DAY)]]
    for place in order:
        store.push(visits, told[place])
    found = [store.online_features(["v:top"], ["A"], at).values["v:top"].tolist() for at in (5 * DAY, 10 * DAY)]
    assert found == [[None], ["app"]]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_withdrawal_may_come_first(order: tuple[int, ...], store: FeatureStore) -> None:
    told = [visit("1", "a", DAY, 2.5), visit("1", "a", DAY, 2.5, known_at=3 * DAY, op="retract")]
    for place in order:
        store.push(visits, [told[place]])
    assert [_counts(store, at)[0] for at in (2 * DAY, 4 * DAY)] == [1, 0]


@pytest.mark.slow
def test_eight_processes_that_push_and_materialize_lose_nothing(settings: Settings, urls: Urls, tmp_path: Path) -> None:
    busy = replace(settings, online_url=urls("busy"))
    shop.found(busy)
    workers = [shop.processes().Process(target=shop.push_and_materialize, args=(busy, n, 12)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
    assert [worker.exitcode for worker in workers] == [0] * 8
    alone = Settings(home=tmp_path / "alone", online_url=urls("alone"))
    shop.found(alone)
    with opened(busy) as store, opened(alone) as other:
        everything = [row for n in range(8) for row in some_visits(n, 12, f"{n}-")]
        other.push(visits, everything)
        assert store.records.watermark() == other.records.watermark()
        assert answers(store) == answers(other)
        stamp = store.online.store.stamp("customer")
        assert stamp is not None
        assert stamp.watermark == store.records.watermark()


def test_what_was_not_folded_is_folded_next_time(settings: Settings, store: FeatureStore) -> None:
    store.push(visits, [visit("1", "a", DAY, 2.5)])
    online = store.online.store
    store.online.store = open_online("redis://127.0.0.1:1/0")
    with pytest.raises(OnlineStoreError, match="does not answer"):
        store.push(visits, [visit("2", "a", DAY + 1, 1.5)])
    store.online.store = online
    store.refresh()
    store.materialize()
    assert _counts(store, 2 * DAY) == [2, 0, 4.0, 0]


def test_a_new_row_without_its_moment_is_refused_and_a_correction_keeps_it(store: FeatureStore) -> None:
    told = _without("occurred_at")
    for row in (told, {name: value for name, value in told.items() if name != "known_at"}):
        with pytest.raises(FeatureError) as refused:
            store.push(visits, [row])
        assert str(refused.value) == (
            "row 1 of the rows pushed to events has no occurred_at; the moment at which it happened is expected; add it"
        )
    store.push(visits, [ROW])
    store.push(visits, [{"source_key": "1", "value": 4.0}])
    later = crm.clock.now() + 1
    assert [_counts(store, at)[2] for at in (DAY, DAY + 1, later)] == [0, 2.5, 4.0]


@pytest.mark.parametrize("form", ["mappings", "mixed", "frame", "arrow"])
def test_a_time_without_a_zone_is_refused(form: str, store: FeatureStore) -> None:
    naive = from_micros(DAY).replace(tzinfo=None)
    rows: Any = [visit("1", "a", DAY, 2.5) | {"occurred_at": naive, "known_at": naive}]
    if form == "mixed":
        rows.insert(0, visit("2", "a", DAY, 2.5) | dict.fromkeys(("occurred_at", "known_at"), from_micros(DAY)))
    rows = {"frame": pd.DataFrame, "arrow": pa.Table.from_pylist}.get(form, list)(rows)
    with pytest.raises(
        (FeatureError, RecordsError), match=r"times? without a zone.* expected; give (it its|them their)"
    ):
        store.push(visits, rows)
    assert store.records.watermark() == store.refresh().watermark
    assert store.records.arrow("events").num_rows == 0  # type: ignore[attr-defined]  # real records


@pytest.mark.parametrize("form", ["mappings", "frame", "arrow"])
def test_a_moment_finer_than_a_microsecond_is_refused(form: str, store: FeatureStore) -> None:
    moment = pd.Timestamp(DAY * 1_000 + 7, unit="ns", tz="UTC")
    rows: Any = [visit("1", "a", DAY, 2.5) | {"occurred_at": moment.floor("us")}]
    rows.append(visit("2", "a", DAY, 2.5) | {"occurred_at": moment})
    frame = pd.DataFrame(rows).astype({"occurred_at": "datetime64[ns, UTC]"})
    given = {"mappings": rows, "frame": frame, "arrow": pa.Table.from_pandas(frame, preserve_index=False)}[form]
    before = store.records.watermark()
    with pytest.raises((FeatureError, RecordsError)) as refused:
        store.push(visits, given)
    begin = "events.occurred_at holds moments finer than a microsecond"
    if form == "mappings":
        begin = "row 2 of the rows pushed has a moment finer than a microsecond in the column 'occurred_at'"
    end = f"round {'it' if form == 'mappings' else 'them'} down"
    wanted = f"{begin} ({DAY * 1_000 + 7} ns since 1970); whole microseconds are expected; {end}"
    assert str(refused.value) == wanted
    assert store.records.watermark() == before


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_an_infinity_is_refused(value: float, store: FeatureStore) -> None:
    with pytest.raises(RecordsError, match=r"events\.value is -?inf in row 1; a finite number is expected"):
        store.push(visits, [visit("1", "a", DAY, value)])
    assert store.records.arrow("events").num_rows == 0  # type: ignore[attr-defined]  # real records


ROW = visit("1", "a", DAY, 2.5)


def _without(column: str) -> dict[str, Any]:
    return {name: value for name, value in ROW.items() if name != column}


BAD: list[tuple[Any, type[Exception], str]] = [
    (
        [ROW | {"colour": "red"}],
        RecordsError,
        r"cannot be written with a column 'colour'; its columns are .*type",
    ),
    (
        [{k: v for k, v in ROW.items() if k != "source_key"}],
        RecordsError,
        "events is written without source_key; .*add",
    ),
    (
        [ROW | {"source_key": None}],
        RecordsError,
        "source_key is None in row 1; the source's own key is expected",
    ),
    ([ROW | {"customer_key": None}], FeatureError, r"names no customer \(customer_id is null\); its id, or .*; add it"),
    (
        [{k: v for k, v in ROW.items() if k != "customer_key"}],
        FeatureError,
        r"names no customer \(customer_id is absent\)",
    ),
    ([ROW, {"source_key": "2"}], FeatureError, "row 2 of the rows pushed and row 1 differ in the column 'channel'"),
    (ROW, FeatureError, r"the rows pushed are \{.*, a dict; a list of mappings, .* is expected; write \[row\] to push"),
    ("abc", FeatureError, "the rows pushed are 'abc', a str; a list of mappings"),
    (3, FeatureError, "the rows pushed are 3, a int; a list of mappings"),
    (
        [ROW, "abc"],
        FeatureError,
        "row 2 of the rows pushed is 'abc', a str; a mapping of columns to values",
    ),
    ([ROW, ROW | {"value": "many"}], FeatureError, "values of several types in one column .* convert them"),
    ([ROW | {"customer_key": "nobody"}], RecordsError, "nobody"),
]


@pytest.mark.parametrize(("rows", "error", "sentence"), BAD)
def test_bad_rows_are_one_sentence_and_write_nothing(
    rows: Any, error: type[Exception], sentence: str, store: FeatureStore
) -> None:
    before = store.records.watermark()
    with pytest.raises(error, match=sentence) as caught:
        store.push(visits, rows)
    assert "\n" not in str(caught.value)
    assert store.records.watermark() == before


def test_rows_given_inline_take_no_pushes(open_store: Opener) -> None:
    store = open_store(with_heads(World()), all=every_operation())
    with pytest.raises(FeatureError, match=r"cannot be pushed to InlineRecords, which is read only; .*open the store"):
        store.push(lines, [{"source_key": "1"}])


def test_an_unknown_origin_is_one_sentence(store: FeatureStore) -> None:
    with pytest.raises(RecordsError, match="the source 'elsewhere' is unknown; declared are"):
        store.push(visits, [ROW], origin="elsewhere")


def test_nothing_of_a_push_is_known_before_it(settings: Settings, store: FeatureStore) -> None:
    before = crm.clock.now()
    store.push(visits, [_without("known_at")])
    assert _counts(store, before) == [0, 0, 0, 0]
    assert _counts(store, crm.clock.now() + 1) == [1, 0, 2.5, 0]
