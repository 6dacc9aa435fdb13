"""The history under pressure: memory that does not grow with it, processes killed at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import FeatureView, InlineRecords, customer, days, open_inline
from features.checks import same_bits
from tests.features.worlds import World, every_operation, lines, make, moments_for

DAY = 86_400_000_000

GROWTH = """
import json, sys
from pathlib import Path
from tests.features.memory import Peak
from features import FeatureView, customer, days
from features.catalogue import Catalogue
from features.history.store import History
from features.offline import Moments, aggregate
from features.parquet import ParquetRecords
from features.warm import warm
from tests.features.worlds import lines
import numpy as np, pyarrow.parquet as pq

warm()
source, folder, many = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
records = ParquetRecords({"order_lines": source})
history = History(folder, records, bucket_rows=30_000, memory_mb=64)
measure = lines.line_no.sum(days(30)).only
history.want(measure.log, ["line_no"])
history._wanted[measure.log.name] = {"line_no"}
pq.ParquetFile(source).read_row_group(0)
peak = Peak()
history.refresh()
built = peak.grown_mb()
for _ in range(many - 1):
    records.add("order_lines", source)
    history.refresh()
ids = np.arange(1, 2_001)
moments = np.full(2_000, 500 * 86_400_000_000)
(answer,) = aggregate(history, [measure], Moments(ids, moments, moments), threads=2)
asked = peak.grown_mb()
state = history.manifest[measure.log.name]
rows, total = state.rows + state.delta_rows, float(answer.sum())
print(json.dumps({"built": built, "asked": asked, "rows": rows, "sum": total}))
"""


def run(text: str, *words: object) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", text, *map(str, words)], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def parquet(rows: int, path: Path) -> Path:
    draw = np.random.default_rng(5)
    table = pa.table(
        {
            "customer_id": draw.integers(1, 5_000, rows),
            "occurred_at": draw.integers(0, 500 * DAY, rows),
            "line_no": draw.integers(1, 9, rows),
        }
    )
    pq.write_table(table, path, row_group_size=100_000)
    return path


@pytest.mark.slow
def test_memory_does_not_grow_with_the_history(tmp_path: Path) -> None:
    small = run(GROWTH, parquet(500_000, tmp_path / "small.parquet"), tmp_path / "a", 1)
    large = run(GROWTH, parquet(2_000_000, tmp_path / "large.parquet"), tmp_path / "b", 1)
    again = run(GROWTH, tmp_path / "small.parquet", tmp_path / "c", 4)
    assert (large["rows"], again["rows"]) == (2_000_000, 2_000_000)
    words = 1_500_000 * 8 * 8 / 2**20  # what the further rows take
    for name in ("built", "asked"):
        assert large[name] < small[name] + words / 2, (name, small, large)
    merged = 16 * 30_000 * 8 * 8 / 2**20  # buckets that are merged with their delta
    assert again["asked"] < small["asked"] + merged + words / 2, (small, again)
    assert again["sum"] == 4 * small["sum"]


REFRESH = """
import json, sys
from pathlib import Path
from features import InlineRecords, open_inline
from tests.features.worlds import World, every_operation, make

folder, portion = Path(sys.argv[1]), int(sys.argv[2])
world = make(91, facts=300, entities=9)
records = InlineRecords({})
store = open_inline({"v": every_operation()}, records, folder, compact_rows=60, bucket_rows=80)
for begin in range(0, len(world.rows), portion):
    records.add("order_lines", World(world.rows[begin : begin + portion]).table_rows())
    store.refresh()
    print(records.watermark(), flush=True)
"""


@pytest.mark.slow
def test_a_refresh_killed_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    world, draw, seen = make(91, facts=300, entities=9), random.Random(7), set()
    spine = pd.DataFrame(moments_for(world, 92, 40), columns=["customer_id", "as_of"])
    for attempt in range(5):
        folder = tmp_path / f"killed{attempt}"
        process = subprocess.Popen(
            [sys.executable, "-c", REFRESH, str(folder), "20"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told = int(process.stdout.readline())
        time.sleep(draw.random() * 0.6)
        process.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout.read().splitlines() if line.isdigit())])
        process.wait()
        process.stdout.close()
        held = InlineRecords({"order_lines": World(world.rows).table_rows()})
        store = open_inline({"v": every_operation()}, held, folder, compact_rows=60, bucket_rows=80)
        arrived = store.history.manifest["order_lines.customer"].watermark
        seen.add(arrived)
        assert told <= arrived <= told + 20
        same_bits(store.historical_features(["v:*"], spine), fresh(world, arrived, spine, tmp_path))
        store.refresh()
        everything = fresh(world, len(world.rows), spine, tmp_path)
        same_bits(store.historical_features(["v:*"], spine), everything)
        kept = {store.history.manifest["order_lines.customer"].generation}
        kept |= {store.history.manifest["order_lines.customer"].delta}
        store.refresh()
        store.close()
    assert len(seen) > 1, "every kill fell on the same moment"


def fresh(world: World, rows: int, spine: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The answer of a store that was built at once from the first rows."""
    records = InlineRecords({"order_lines": World(world.rows[:rows]).table_rows()})
    store = open_inline({"v": every_operation()}, records, folder / f"fresh{time.time_ns()}")
    answer = store.historical_features(["v:*"], spine)
    store.close()
    return answer


def test_a_log_of_nothing_but_corrections_is_cut_like_any_other(tmp_path: Path) -> None:
    rows = [
        {
            "id": fact,
            "customer_id": 1 + (fact + version) % 7,
            "occurred_at": fact,
            "known_at": fact + 10 * version,
            "version": version,
            "line_no": version,
        }
        for version in range(1, 4)
        for fact in range(1, 60)
    ]
    view = FeatureView(entity=customer, n=lines.count(), total=lines.line_no.sum(days(1)))
    spine = pd.DataFrame({"customer_id": [c for c in range(1, 8) for _ in range(20)], "as_of": [*range(5, 105, 5)] * 7})
    wanted = None
    for name, sizes in {"whole": {}, "cut": {"bucket_rows": 9, "memory_mb": 0}}.items():
        store = open_inline({"v": view}, InlineRecords({"order_lines": rows}), tmp_path / name, **sizes)
        found = store.historical_features(["v:*"], spine)
        store.close()
        wanted = found if wanted is None else wanted
        same_bits(found, wanted)
