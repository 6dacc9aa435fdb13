"""What must change nothing, byte for byte: buckets, chunks, threads, order of arrival, hash seed, time zone."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features import FeatureStore, InlineRecords, offline, open_inline
from features.catalogue import Catalogue
from features.history.rows import order_of
from features.history.store import History
from features.online.sqlite import SQLiteStore
from features.parquet import ParquetRecords
from tests.features.asking import Oracle
from tests.features.conftest import Opener
from tests.features.test_online import with_heads
from tests.features.test_oracle import spine_of
from tests.features.worlds import World, alive, every_operation, lines, make, moments_for

DAY = 86_400_000_000


def digest(frame: pd.DataFrame) -> str:
    """Of every byte: floats as they are, texts and their nulls."""
    total = hashlib.sha256()
    for name in frame.columns:
        values = frame[name].to_numpy()
        total.update(repr(list(values)).encode() if values.dtype == object else values.tobytes())
    return total.hexdigest()


def answer(folder: Path, seed: int = 95, **sizes: Any) -> pd.DataFrame:
    world = make(seed, facts=200, entities=9)
    threads = sizes.pop("threads", 1)
    rows = list(world.rows)
    random.Random(sizes.pop("shuffle", 0)).shuffle(rows)
    records = InlineRecords({"order_lines": World(rows).table_rows()})
    store = open_inline({"v": every_operation()}, records, folder, threads=threads, **sizes)
    found = store.historical_features(["v:*"], spine_of(moments_for(world, seed + 1, 80)))
    store.close()
    return found


@pytest.mark.parametrize(
    "sizes",
    [{"shuffle": 3}, {"bucket_rows": 3}, {"bucket_rows": 40, "threads": 4}, {"memory_mb": 0, "bucket_rows": 50}],
)
def test_order_of_arrival_buckets_threads_and_memory(sizes: dict[str, int], tmp_path: Path) -> None:
    assert digest(answer(tmp_path / "a", **sizes)) == digest(answer(tmp_path / "b"))


@pytest.mark.parametrize("chunk", [1, 7])
def test_pieces_of_the_spine(chunk: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted = digest(answer(tmp_path / "a"))
    monkeypatch.setattr(offline, "CHUNK", chunk)
    monkeypatch.setattr(offline, "AHEAD", 1)
    assert digest(answer(tmp_path / "b", threads=3)) == wanted


def kept(folder: Path, threads: int = 1) -> list[str]:
    """Digests of features, of the packed states, and of a training set's file."""
    world, records = make(95, facts=200, entities=6), with_heads(World())
    records.add("order_lines", world.table_rows())
    store = open_inline({"v": every_operation(), "alive": alive()}, records, folder, threads=threads, bucket_rows=50)
    spine = spine_of(moments_for(world, 96, 80))
    made = store.make_training_set(["v:*", "alive:*"], spine)
    store.training_sets.save(made, "kept")
    store.materialize("customer")
    states = repr(store.online.store.read("customer", [f"K{i}" for i in range(1, 8)])[1])
    (rows,) = store.training_sets.folder.glob("*/rows.parquet")
    store.close()
    return [digest(made.frame), *(hashlib.sha256(x).hexdigest() for x in (states.encode(), rows.read_bytes()))]


CHILD = """
import sys
from pathlib import Path
from tests.features.test_history_sameness import kept
print(*kept(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "zone", "threads"), [("0", "Asia/Kathmandu", "1"), ("4242", "America/St_Johns", "4"), ("7", "UTC", "2")]
)
def test_hash_seed_zone_and_threads_of_the_process(seed: str, zone: str, threads: str, tmp_path: Path) -> None:
    counts = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), threads)
    environ = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, **counts}
    words = [sys.executable, "-c", CHILD, str(tmp_path / "child"), threads]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.split() == kept(tmp_path / "here")


def test_the_rows_of_a_log_are_the_same_whatever_the_order_of_arrival(open_store: Opener) -> None:
    world, draw = make(96, facts=150, entities=7), random.Random(1)
    found_in = []
    for _ in range(3):
        rows = draw.sample(world.rows, len(world.rows))
        store = open_store(World(rows).records(), bucket_rows=30, v=every_operation())
        store.refresh()
        found = store.history.reader(lines.log).rows()
        ever = found["superseded_at"] > found["known_at"]  # others are never seen, in whatever order they lie
        found_in.append(
            {name: found[name][ever].tobytes() for name in ("entity", "occurred_at", "known_at", "fact", "amount")}
        )
    assert found_in[0] == found_in[1] == found_in[2]


@pytest.mark.parametrize("spread", [1, 10**12])
def test_the_compiled_order_is_the_plain_one(spread: int) -> None:
    draw = np.random.default_rng(spread)
    rows = {
        "entity": draw.integers(-3, 40, 20_000) * spread,
        "occurred_at": draw.integers(-9, 9, 20_000),
        "known_at": draw.integers(0, 4, 20_000),
        "key": draw.integers(0, 3, 20_000),
        "fact": draw.integers(0, 5, 20_000),
    }
    wanted = np.lexsort((rows["fact"], rows["key"], rows["known_at"], rows["occurred_at"], rows["entity"]))
    assert np.array_equal(order_of(rows), wanted)
    ascending = {name: values[wanted] for name, values in rows.items()}
    assert np.array_equal(order_of(ascending), np.arange(20_000))


@pytest.mark.slow
def test_an_entity_with_a_hundred_thousand_events(tmp_path: Path) -> None:
    draw = random.Random(9)
    plain = [
        {
            "pk": pk,
            "entity": 1 if pk % 50 else 2,
            "occurred_at": draw.randrange(90 * DAY),
            "known_at": 0,
            "amount": draw.randrange(1, 10**6),
            "quantity": draw.choice([0.1, 1e9 + draw.random(), None]),
            "product_id": pk % 700,
            "category": draw.choice(["tea", "zimt", None]),
        }
        for pk in range(1, 102_041)
    ]
    table = pa.Table.from_pylist(plain).rename_columns({"pk": "id", "entity": "customer_id"})
    records = ParquetRecords({"order_lines": table})
    catalogue = Catalogue({"v": every_operation().named("v")})
    store = FeatureStore(records, catalogue, History(tmp_path / "h", records), SQLiteStore(tmp_path / "online.db"), 1)
    frame = store.historical_features(["v:*"], spine_of([(1, 89 * DAY + 5), (2, 45 * DAY)]))
    store.close()
    names = ["count", "sum__amount_30d", "sum__quantity", "min__amount", "max__quantity_7d", "mode__category"]
    names += ["nunique__product_id_30d", "last__quantity", "mean__quantity_30d"]
    oracle = Oracle(plain)
    wrong = [
        name
        for row in frame.to_dict("records")
        for name in names
        if not oracle.agrees(name, row[f"v__{name}"], row["customer_id"], row["as_of"])
    ]
    assert wrong == []


def test_constant_data(open_store: Opener) -> None:
    world = World(
        [
            {
                "pk": pk,
                "entity": 1,
                "occurred_at": 5,
                "known_at": 5,
                "amount": 30_000,
                "quantity": 0.1,
                "line_no": 3,
                "product_id": 4,
                "kind": "sale",
                "category": "tea",
            }
            for pk in range(1, 40)
        ]
    )
    store = open_store(world.records(), v=every_operation())
    (row,) = store.historical_features(["v:*"], spine_of([(1, 9)])).to_dict("records")
    oracle = Oracle(world.rows)
    names = [str(name).removeprefix("v__") for name in row if str(name).startswith("v__")]
    assert [name for name in names if not oracle.agrees(name, row[f"v__{name}"], 1, 9)] == []
