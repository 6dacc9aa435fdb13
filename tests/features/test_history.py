"""The history on disk: real records in, atomic generations, damage named, nothing half."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import features
from configs import Settings
from crm import Records
from crm.clock import DAY
from features import FeatureView, HistoryError, InlineRecords, customer
from features.checks import same_bits
from features.history import files
from tests.features.conftest import Opener
from tests.features.test_oracle import spine_of
from tests.features.worlds import World, every_operation, lines, make, moments_for

T = 1_700_000_000_000_000


def customers(*numbers: int) -> dict[str, pa.Table]:
    keys = [f"c{i}" for i in numbers]
    clocks = {"occurred_at": [T] * len(keys), "known_at": [T] * len(keys)}
    plain = {"source_key": keys, "kind": ["person"] * len(keys), "status": ["active"] * len(keys)}
    role = {
        "source_key": keys,
        "party_key": keys,
        "customer_no": [f"K{i}" for i in numbers],
        "kind": ["b2c"] * len(keys),
    }
    return {"parties": pa.table({**plain, **clocks}), "customers": pa.table({**role, **clocks})}


def bought(key: str, number: int, amount: int | None, at: int, op: str = "assert") -> dict[str, pa.Table]:
    clocks = {"occurred_at": [at], "known_at": [at], "op": [op]}
    order = {
        "source_key": [key],
        "order_no": [key],
        "customer_key": [f"c{number}"],
        "kind": ["sale"],
        "currency": ["EUR"],
    }
    line = {
        "source_key": [key],
        "order_key": [key],
        "line_no": [1],
        "customer_key": [f"c{number}"],
        "kind": ["sale"],
        "quantity": [1.0],
        "amount": pa.array([amount], pa.int64()),
        "currency": ["EUR"],
        "returned_qty": [0.0],
    }
    return {"orders": pa.table({**order, **clocks}), "order_lines": pa.table({**line, **clocks})}


def test_real_records_are_followed_by_order_of_arrival(settings: Settings, records: Records) -> None:
    records.reference("currencies", pa.table({"code": ["EUR"]}))
    records.write(customers(1, 2))
    records.write(bought("a", 1, 50_000, T + DAY))
    store = features.open(settings, records)
    try:
        assert store.refresh().rows["order_lines.customer"] == 1
        store.materialize()
        ask = ["buying:spend", "buying:orders", "profile:kind"]
        assert store.online_features(ask, ["K1"], T + 2 * DAY).values["buying:spend"].tolist() == [5]
        records.write(bought("b", 1, 20_000, T + 2 * DAY) | customers(3))
        records.write({"order_lines": pa.table({"source_key": ["a"], "op": ["retract"], "known_at": [T + 3 * DAY]})})
        report = store.refresh()
        assert (report.rows["order_lines.customer"], report.rows["customers_versions.customer"]) == (2, 1)
        assert store.refresh().rows == {}
        assert store.materialize("customer").entities == {"customer": 2}
        moments = [T + 3 * DAY, T + 3 * DAY + 1]
        found = [store.online_features(ask, ["K1", "K3"], moment).values["buying:spend"].tolist() for moment in moments]
        assert found == [[7, 0], [2, 0]]
        numbers = records.numbers("customer")
        known = dict(zip(numbers["number"].to_pylist(), numbers["id"].to_pylist(), strict=True))
        spine = pd.DataFrame({"customer_id": [known["K1"]] * 2, "as_of": moments})
        assert store.historical_features(ask, spine)["buying__spend"].tolist() == [7, 2]
    finally:
        store.close()


def test_a_store_opened_again_finds_what_was_there(settings: Settings, records: Records) -> None:
    records.write(customers(1))
    for _ in range(2):
        store = features.open(settings, records)
        store.refresh()
        store.materialize()
        assert store.entities_at("customer", T + 1)["customer_id"].tolist() == [1]
        store.close()
    assert store.refresh().rows == {}


def test_records_that_were_made_anew_are_read_anew(open_store: Opener) -> None:
    old = InlineRecords({"order_lines": [{"customer_id": 1, "occurred_at": i} for i in range(9)]})
    store = open_store(old, v=FeatureView(entity=customer, n=lines.count()))
    store.refresh()
    store.history.keys._records = InlineRecords({"order_lines": [{"customer_id": 1, "occurred_at": 1}]})
    store.refresh()
    assert store.historical_features(["v:n"], spine_of([(1, 9)]))["v__n"].tolist() == [1]


@pytest.mark.parametrize("sizes", [{"bucket_rows": 1}, {"bucket_rows": 17, "threads": 4}, {"threads": 3}])
@pytest.mark.parametrize("compact_rows", [0, 10**9])
def test_buckets_threads_and_deltas_change_nothing(
    sizes: dict[str, int], compact_rows: int, open_store: Opener
) -> None:
    world = make(71, facts=150, entities=12)
    spine = spine_of(moments_for(world, 72, 60))
    wanted = open_store(world.records(), v=every_operation()).historical_features(["v:*"], spine)
    records = World(world.rows[:100]).records()
    store = open_store(records, compact_rows, **sizes, v=every_operation())
    store.refresh()
    records.add("order_lines", World(world.rows[100:]).table_rows())
    store.refresh()
    same_bits(store.historical_features(["v:*"], spine), wanted)


def test_a_column_wanted_later_is_brought_in(open_store: Opener) -> None:
    rows = [{"customer_id": 1, "line_no": 4, "occurred_at": 1, "category": "tea"}]
    store = open_store(InlineRecords({"order_lines": rows}), v=FeatureView(entity=customer, n=lines.count()))
    store.refresh()
    state = store.history.manifest["order_lines.customer"]
    store.history._wanted["order_lines.customer"].add("return_of_id")
    assert store.history.reader(lines.log).state == state
    path = store.history.folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["logs"]["order_lines.customer"]["columns"].remove("category")
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "category" in store.history.reader(lines.log).state.columns


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "store0" / "history" / "order_lines.customer").rglob("*.arrow"))


def change(part: Path, place: int) -> None:
    """Another word at a place of a part."""
    with part.open("r+b") as file:
        file.seek(8 * place)
        file.write(b"\x07" * 8)


@pytest.mark.parametrize("damage", ["cut", "gone", "other"])
def test_a_damaged_part_is_named_and_the_others_can_be_used(damage: str, open_store: Opener, tmp_path: Path) -> None:
    records = make(73, facts=50).records()
    records.add("customers_versions", [{"id": 1, "customer_no": "K1", "occurred_at": 0}])
    store = open_store(records, v=every_operation())
    store.refresh()
    part = parts(tmp_path)[0]
    match damage:
        case "cut":
            part.write_bytes(part.read_bytes()[:200])
        case "gone":
            part.unlink()
        case _:
            part.write_bytes(b"something else, quite long" * 99)
    with pytest.raises(
        HistoryError,
        match=rf"the history part .*{part.name} cannot be read .*; run rapport materialize --rebuild order",
    ):
        store.historical_features(["v:count"], spine_of([(1, 5)]))
    assert store.entities_at("customer", 5)["customer_id"].tolist() == [1]
    heads = store.history.manifest["customers_versions.customer"]
    store.history.rebuild("order_lines.customer")
    assert store.historical_features(["v:count"], spine_of([(1, 90 * DAY)]))["v__count"][0] > 0
    assert store.history.manifest["customers_versions.customer"] == heads


def test_other_buckets_answer_beside_a_damaged_one(open_store: Opener, tmp_path: Path) -> None:
    rows = [{"customer_id": i % 8, "occurred_at": i} for i in range(80)]
    store = open_store(
        InlineRecords({"order_lines": rows}), bucket_rows=20, v=FeatureView(entity=customer, n=lines.count())
    )
    store.refresh()
    assert store.history.manifest["order_lines.customer"].buckets == 4
    next(part for part in parts(tmp_path) if part.name == "bucket-00001.arrow").write_bytes(b"")
    assert store.historical_features(["v:n"], spine_of([(2, 99)]))["v__n"].tolist() == [10]
    with pytest.raises(HistoryError, match="bucket-00001"):
        store.historical_features(["v:n"], spine_of([(5, 99)]))


def test_a_changed_word_is_found_when_the_parts_are_verified(open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(76, facts=50).records(), v=every_operation())
    store.refresh()
    reader = store.history.reader(lines.log)
    reader.verify()
    part = next(part for part in parts(tmp_path) if part.name.startswith("bucket"))
    change(part, reader.bucket(0).columns["fact"])
    with pytest.raises(HistoryError, match=r"\(its content is not what was written\)"):
        reader.verify()


def test_what_changed_without_its_time_is_found_when_all_is_verified(open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(76, facts=50).records(), v=every_operation())
    store.refresh()
    store.history.verify()
    part = next(part for part in parts(tmp_path) if part.name.startswith("bucket"))
    before = part.stat().st_mtime_ns
    change(part, store.history.reader(lines.log).bucket(0).columns["fact"])
    os.utime(part, ns=(before, before))  # as when a disk loses bits by itself
    with pytest.raises(HistoryError, match=r"bucket-00000.arrow .*\(its content is not what was written\)"):
        store.history.verify()


@pytest.mark.parametrize("column", ["fact", "occurred_at", "line_no"])
def test_a_changed_word_is_found_when_its_part_is_read(column: str, open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(76, facts=50).records(), v=every_operation())
    store.refresh()
    place = store.history.reader(lines.log).bucket(0).columns[column] + 3
    change(next(part for part in parts(tmp_path) if part.name.startswith("bucket")), place)
    store.history._readers.clear()  # as another process would find it
    with pytest.raises(
        HistoryError, match=r"bucket-00000.arrow cannot be read \(its content is not .*--rebuild order_lines.customer,"
    ):
        store.historical_features(["v:count"], spine_of([(1, 5)]))


def test_a_copy_is_compared_once_and_an_own_part_never(
    open_store: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make(78, facts=50)
    spine = spine_of(moments_for(world, 79, 9))
    store = open_store(world.records(), v=every_operation())
    wanted = store.historical_features(["v:*"], spine)
    summed: list[int] = []
    real = files._sum
    monkeypatch.setattr(files, "_sum", lambda rows: summed.append(1) or real(rows))  # type: ignore[func-returns-value]
    store.history._readers.clear()
    same_bits(store.historical_features(["v:*"], spine), wanted)
    assert not summed
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "store0", copy, copy_function=shutil.copy)  # gives each file a time of its own
    for _ in range(2):
        other = features.open_inline({"v": every_operation()}, world.records(), copy)
        same_bits(other.historical_features(["v:*"], spine), wanted)
        other.close()
    assert len(summed) == len(list((copy / "history" / "order_lines.customer").rglob("*.arrow")))


DICTIONARIES = {"cut": b'{"kind": ["sa', "no text": b"\xff\xfe", "another shape": b'{"kind": 3}', "gone": None}


@pytest.mark.parametrize("damage", DICTIONARIES)
def test_a_damaged_dictionary_is_named(damage: str, open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(80, facts=20).records(), v=every_operation())
    store.refresh()
    (path,) = (tmp_path / "store0" / "history" / "order_lines.customer").rglob("dictionary.json")
    content = DICTIONARIES[damage]
    path.unlink() if content is None else path.write_bytes(content)
    store.history._readers.clear()  # as another process would find it
    with pytest.raises(
        HistoryError,
        match=r"dictionary.json cannot be read \(.*\); the JSON .* materialize --rebuild order_lines.customer,",
    ):
        store.historical_features(["v:*"], spine_of([(1, 5)]))
    store.history.rebuild("order_lines.customer")
    assert store.historical_features(["v:count"], spine_of([(1, 90 * DAY)]))["v__count"][0] > 0


def test_parts_that_were_not_surely_on_the_disk_are_checked_after_a_restart(open_store: Opener, tmp_path: Path) -> None:
    records = make(77, facts=50).records()
    store = open_store(records, v=every_operation())
    store.refresh()
    manifest = store.history.folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["logs"]["order_lines.customer"]["boot"] = "an earlier start"
    manifest.write_text(json.dumps(content), encoding="utf-8")
    assert store.history.reader(lines.log).is_suspect
    place = store.history.reader(lines.log).bucket(0).columns["fact"]
    records.add("order_lines", [{"customer_id": 1, "occurred_at": 1}])
    store.refresh()
    assert store.history.manifest["order_lines.customer"].boot == ""
    part = next(part for part in parts(tmp_path) if part.name.startswith("bucket"))
    manifest.write_text(json.dumps(content), encoding="utf-8")
    change(part, place)
    store.history._readers.clear()  # as another process would find it
    with pytest.raises(HistoryError, match="its content is not what was written"):
        store.historical_features(["v:count"], spine_of([(1, 5)]))


def test_a_damaged_manifest_is_named(open_store: Opener) -> None:
    store = open_store(make(74, facts=20).records(), v=every_operation())
    store.refresh()
    (store.history.folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(
        HistoryError, match=r"manifest .*manifest.json cannot be read \(.*\); the JSON that Rapport writes"
    ):
        store.refresh()


class Failing(InlineRecords):
    """Records whose second table cannot be read."""

    def batches(self, table: str, *arguments: object, **options: object) -> Iterator[pa.RecordBatch]:
        if table == "order_lines" and options["after_seq"] is not None:
            raise OSError("no space left on device")
        return super().batches(table, *arguments, **options)  # type: ignore[arg-type]  # handed through


def test_a_refresh_that_fails_leaves_the_old_history(open_store: Opener) -> None:
    records = Failing({"customers_versions": [{"id": 1, "customer_no": "K1", "occurred_at": 0}]})
    records.add("order_lines", [{"customer_id": 1, "occurred_at": 1}])
    store = open_store(records, v=FeatureView(entity=customer, n=lines.count()))
    store.refresh()
    before = store.history.manifest
    records.add("customers_versions", [{"id": 2, "customer_no": "K2", "occurred_at": 0}])
    records.add("order_lines", [{"customer_id": 1, "occurred_at": 2}])
    with pytest.raises(OSError, match="no space left"):
        store.refresh()
    assert store.history.manifest == before
    assert store.historical_features(["v:n"], spine_of([(1, 9)]))["v__n"].tolist() == [1]


def test_old_generations_go_once_nobody_can_be_reading_them(open_store: Opener) -> None:
    records = InlineRecords({})
    store = open_store(records, 0, v=FeatureView(entity=customer, n=lines.count()))
    for number in range(5):
        records.add("order_lines", [{"customer_id": 1, "occurred_at": number}])
        store.refresh()
    assert len(list((store.history.folder / "order_lines.customer").iterdir())) == 2


def _refresh(folder: str, rows: list[dict[str, object]]) -> None:
    records = InlineRecords({"order_lines": rows})
    view = FeatureView(entity=customer, n=lines.count())
    store = features.open_inline({"v": view}, records, Path(folder))
    store.refresh()
    store.materialize()
    store.close()


@pytest.mark.slow
def test_several_processes_may_refresh_at_once(tmp_path: Path) -> None:
    rows = [{"customer_id": 1 + i % 3, "occurred_at": i} for i in range(300)]
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_refresh, args=(str(tmp_path), rows)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 4
    view = FeatureView(entity=customer, n=lines.count())
    store = features.open_inline({"v": view}, InlineRecords({"order_lines": rows}), tmp_path)
    found = store.historical_features(["v:n"], spine_of([(1, 999), (2, 999), (3, 999)]))
    store.close()
    assert found["v__n"].tolist() == [100, 100, 100]


def test_the_map_is_not_a_copy(open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(75, facts=50).records(), v=every_operation())
    store.refresh()
    bucket = store.history.reader(lines.log).bucket(0)
    assert not bucket.words.flags.owndata
    assert not bucket.words.flags.writeable
    assert bucket.column("entity").base is not None
    assert np.all(np.diff(bucket.column("entity")) >= 0)
