"""Training sets: kept under their hash, built again to the byte, and clear words when that cannot be."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm.clock import DAY
from features import FeatureStore, FeatureView, TrainingSet, TrainingSetError, customer, days
from features.checks import same_bits
from tests.features.conftest import Opener
from tests.features.test_oracle import spine_of
from tests.features.worlds import World, every_operation, lines, make, moments_for

REFS = ["all:*"]


def to_bytes(made: TrainingSet) -> bytes:
    sink = io.BytesIO()
    pq.write_table(made.table, sink)
    return sink.getvalue()


@pytest.mark.parametrize("compact_rows", [0, 10**9])
def test_built_again_to_the_byte_after_backfills_corrections_and_deletions(
    compact_rows: int, open_store: Opener
) -> None:
    world = make(61, facts=150, entities=4)
    records = World(world.rows[:100]).records()
    store = open_store(records, compact_rows, all=every_operation())
    spine = spine_of(moments_for(world, 62, 60)).assign(note="ä", label=0.5)
    store.refresh()
    made = store.make_training_set(REFS, spine)
    before = to_bytes(made)
    store.training_sets.save(made, "first")
    records.add("order_lines", World(world.rows[100:]).table_rows())
    store.refresh()
    again = store.training_set("first")
    assert to_bytes(again) == before
    same_bits(again.frame, made.frame)
    assert not store.historical_features(REFS, spine).equals(made.frame)
    assert to_bytes(store.training_set(made.sha256[:8], saved=True)) == before


def test_the_frame_is_what_the_store_gives(open_store: Opener) -> None:
    world = make(63, facts=80)
    store = open_store(world.records(), all=every_operation())
    spine = spine_of(moments_for(world, 64, 30))
    made = store.make_training_set(REFS, spine)
    same_bits(made.frame, store.historical_features(REFS, spine))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_of_every_unit_come_back_as_they_were(unit: Literal["s", "ms", "us", "ns"], open_store: Opener) -> None:
    store = open_store(make(65, facts=20).records(), v=FeatureView(entity=customer, n=lines.count()))
    at = pd.to_datetime(["2026-03-29", "1969-01-01"]).tz_localize("Europe/Berlin").as_unit(unit)
    made = store.make_training_set(["v:n"], pd.DataFrame({"customer_id": [1, 2], "as_of": at}))
    store.training_sets.save(made, "zoned")
    same_bits(store.training_set("zoned").frame, made.frame)
    assert (made.frame["as_of"] == at).all()


def test_the_identity_tells_what_decides_the_rows(open_store: Opener) -> None:
    world = make(66, facts=60)
    records = World(world.rows[:50]).records()
    views = {"v": FeatureView(entity=customer, n=lines.count(days(7)), m=lines.count())}
    store = open_store(records, **views)
    spine = spine_of(moments_for(world, 67, 20))
    made = store.make_training_set(["v:n_7d"], spine)
    assert store.make_training_set(["v:n_7d"], spine.copy()).sha256 == made.sha256
    others = [
        store.make_training_set(["v:m"], spine),
        store.make_training_set(["v:n_7d"], spine.head(19)),
        store.make_training_set(["v:n_7d"], spine.assign(label=1.0)),
        store.make_training_set(["v:n_7d"], spine, known_before=0),
    ]
    records.add("order_lines", World(world.rows[50:]).table_rows())
    store.refresh()
    others.append(store.make_training_set(["v:n_7d"], spine))
    assert len({made.sha256, *(other.sha256 for other in others)}) == 6


def test_they_are_listed_with_counts_and_statistics_and_no_values(open_store: Opener) -> None:
    rows = [{"customer_id": 1, "category": "secret tea", "quantity": 2, "occurred_at": 0}]
    view = FeatureView(entity=customer, n=lines.quantity.sum(), c=lines.category.mode())
    store = open_store(World().records(), v=view)
    store.records.add("order_lines", rows)  # type: ignore[attr-defined]  # records given inline
    spine = pd.DataFrame({"customer_id": [1, 2], "as_of": DAY})
    one = store.make_training_set(["v:*"], spine)
    store.training_sets.save(one, "a")
    store.training_sets.save(one, "b")
    two = store.make_training_set(["v:n"], spine)
    store.training_sets.save(two, "b")
    first, second = store.training_sets.list()
    assert (first.names, second.names, first.rows) == (("a", "b"), ("b",), 2)
    assert store.training_sets.manifest("b").sha256 == two.sha256
    assert first.statistics["v__n"] == {"nulls": 0, "mean": 1.0, "min": 0.0, "max": 2.0}
    assert first.statistics["v__c"] == {"nulls": 1, "distinct": 1}
    assert "secret" not in json.dumps(first.to_json())


def _kept(open_store: Opener, **views: FeatureView) -> FeatureStore:
    world = make(68, facts=60, entities=4)
    store = open_store(world.records(), **views)
    spine = spine_of(moments_for(world, 69, 30))
    store.training_sets.save(store.make_training_set(["v:*"], spine), "kept")
    return store


def test_another_declaration_is_named(open_store: Opener) -> None:
    store = _kept(open_store, v=FeatureView(entity=customer, n=lines.count(days(7))))
    store.catalogue.views["v"] = FeatureView(entity=customer, n=lines.amount.count(days(7))).named("v")
    with pytest.raises(TrainingSetError, match=r"'kept' was made with the declaration [0-9a-f]{8} of the view 'v', wh"):
        store.training_set("kept")
    assert store.training_set("kept", saved=True).manifest.rows == 30


def test_records_that_changed_without_a_version_are_noticed(open_store: Opener) -> None:
    store = _kept(open_store, v=FeatureView(entity=customer, n=lines.count(), q=lines.quantity.sum()))
    rows = store.records._rows["order_lines"]  # type: ignore[attr-defined]  # what nobody may do
    for row in rows:
        row["quantity"] = 5.0
    store.history.rebuild("order_lines.customer")
    with pytest.raises(TrainingSetError, match="'kept' built again differs from what was saved, in v:q; the same"):
        store.training_set("kept")


def test_an_unknown_or_damaged_set_is_one_sentence(open_store: Opener) -> None:
    store = _kept(open_store, v=FeatureView(entity=customer, n=lines.count()))
    with pytest.raises(TrainingSetError, match="no training set is called 'other'; one of kept, or the first 8 digits"):
        store.training_set("other")
    [manifest] = store.training_sets.list()
    folder: Path = store.training_sets.folder / manifest.sha256
    (folder / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(TrainingSetError, match=r"rows\.parquet of a training set cannot be read"):
        store.training_set("kept")
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(TrainingSetError, match=r"manifest\.json of a training set cannot be read"):
        store.training_sets.list()


def test_erased_people_leave_and_the_rest_is_built_again(open_store: Opener) -> None:
    store = _kept(open_store, v=FeatureView(entity=customer, n=lines.count(), c=lines.category.mode()))
    before = store.training_set("kept")
    assert store.training_sets.erase("customer_id", [2]) == before.spine.column("customer_id").to_pylist().count(2) > 0
    after = store.training_set("kept")
    assert (after.sha256, after.manifest.touched) == (before.sha256, True)
    assert after.manifest.erased == before.manifest.rows - after.manifest.rows
    assert 2 not in after.spine.column("customer_id").to_pylist()
    same_bits(after.frame, before.frame[before.frame["customer_id"] != 2].reset_index(drop=True))
    assert store.training_sets.erase("customer_id", [2]) == 0


def test_a_set_is_there_whole_or_not_at_all(open_store: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(make(70, facts=20).records(), v=FeatureView(entity=customer, n=lines.count()))
    made = store.make_training_set(["v:n"], pd.DataFrame({"customer_id": [1], "as_of": [0]}))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", full)
        with pytest.raises(OSError, match="no space"):
            store.training_sets.save(made, "half")
    assert list(store.training_sets.folder.iterdir()) == []
    assert isinstance(store.training_sets.save(made, "whole").rows, int)
    assert pa.Table.equals(store.training_set("whole").table, made.table)
