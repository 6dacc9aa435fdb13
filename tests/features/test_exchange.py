"""A log's history as Parquet: out, in, the same answers bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from features import HistoryError
from features.history.exchange import ParquetHistory, ParquetReader, export_log
from features.history.frozen import FrozenReader
from features.offline import fill
from features.recipe import recipe
from features.spine import moments_of
from tests.features.conftest import Opener
from tests.features.test_oracle import spine_of
from tests.features.worlds import World, every_operation, lines, make, moments_for


def test_what_was_exported_answers_bit_for_bit(open_store: Opener, tmp_path: Path) -> None:
    world = make(81, facts=150, entities=12)
    records = World(world.rows[:100]).records()
    store = open_store(records, bucket_rows=20, v=every_operation())
    store.refresh()
    records.add("order_lines", World(world.rows[100:]).table_rows())
    store.refresh()
    reader = store.history.reader(lines.log)
    assert reader.state.delta
    state = export_log(reader, tmp_path / "out" / lines.log.name)
    read = ParquetHistory(tmp_path / "out")
    spine = spine_of(moments_for(world, 82, 60))
    asked, moments = recipe(store.catalogue, ["v:*"]), moments_of(spine, lines.log.entity, None, store.history.keys)
    wanted, found = (fill(history, asked, moments) for history in (store.history, read))
    assert {name: list(column) for name, column in found.items() if column.dtype == object} == {
        name: list(column) for name, column in wanted.items() if column.dtype == object
    }
    assert all(column.tobytes() == wanted[name].tobytes() for name, column in found.items() if column.dtype != object)
    back = read.reader(lines.log)
    assert (state.rows, state.delta, back.state) == (sum(map(len, _entities(back))), "", state)
    for watermark in (10, 70, 120):
        before, after = FrozenReader(reader, watermark), FrozenReader(back, watermark)
        for name in ("fact", "superseded_at"):
            assert np.array_equal(before.rows()[name], after.rows()[name])


def _entities(reader: ParquetReader) -> list[np.ndarray]:
    return [reader.bucket(number).column("entity") for number in range(reader.state.buckets)]


def test_other_programs_see_types_of_their_own(open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(83, facts=30).records(), v=every_operation())
    store.refresh()
    export_log(store.history.reader(lines.log), tmp_path / "out")
    schema = pq.read_table(tmp_path / "out" / "bucket-00000.parquet").schema
    kinds = {name: str(schema.field(name).type) for name in ("entity", "occurred_at", "superseded_at", "quantity")}
    moment = "timestamp[us, tz=UTC]"
    assert kinds == {"entity": "int64", "occurred_at": moment, "superseded_at": moment, "quantity": "double"}
    assert "string" in str(schema.field("category").type)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("about", r"log.json cannot be read \(.*\); the JSON that an export .*; export the log again"),
        ("other", "holds the log 'events.customer'; 'order_lines.customer' is expected; give the folder"),
        ("part", r"the history part .*bucket-00000.parquet cannot be read \(.*\); a Parquet .*; export the log again"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(damage: str, sentence: str, open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(84, facts=30).records(), v=every_operation())
    store.refresh()
    folder = tmp_path / "out"
    export_log(store.history.reader(lines.log), folder)
    match damage:
        case "about":
            (folder / "log.json").write_text("{", encoding="utf-8")
        case "other":
            about = (folder / "log.json").read_text(encoding="utf-8")
            (folder / "log.json").write_text(about.replace(lines.log.name, "events.customer"), encoding="utf-8")
        case _:
            (folder / "bucket-00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(HistoryError, match=sentence):
        ParquetReader(lines.log, folder).bucket(0)
