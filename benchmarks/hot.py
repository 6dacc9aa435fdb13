"""What the case of a hot entity measures: questions as they are answered, beside the kernel over all its rows."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.case import Measure, Reading
from benchmarks.online import MOMENT
from benchmarks.reference import BEGIN, SEED, SPAN, Reference, purchase
from benchmarks.store import TWENTY, opened
from features import FeatureStore, kernel
from features.kernel.program import Floats, memory_for
from features.recipe import recipe
from features.warm import warm

EVENTS, QUESTIONS = 100_000, 200


@contextmanager
def tiles_beside_rows(reference: Reference) -> Iterator[tuple[Measure, Measure]]:
    """Measures of the median seconds of a question by either way; their answers are the same bits."""
    warm()
    reference.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=reference.folder) as folder:
        store = opened(TWENTY, _rows(Path(folder) / "rows.parquet"), Path(folder) / "ours")
        store.refresh()
        store.materialize("customer")
        walked, out = _walking(store)
        walked()
        values = store.online_features(["v:*"], ["1"], MOMENT).values
        assert b"".join(column.tobytes() for column in values.values()) == out.tobytes(), "the values differ"
        asked = partial(store.online_features, ["v:*"], ["1"], MOMENT)
        yield partial(_median, asked), partial(_median, walked)
        store.close()


def _rows(path: Path) -> Path:
    draw = np.random.default_rng(SEED + 5)
    moments = pa.array(np.sort(draw.integers(BEGIN, BEGIN + SPAN, EVENTS))).cast(pa.timestamp("us", tz="UTC"))
    head = {"customer_id": pa.array(np.ones(EVENTS, np.int64)), "occurred_at": moments}
    pq.write_table(pa.table({**head, **purchase(draw, EVENTS)}), path)
    return path


def _walking(store: FeatureStore) -> tuple[Callable[[], object], Floats]:
    """A question without tiles over the state in memory, and where its answer lies."""
    known, words, begins, _ = store.online.states("customer", ["1"])
    program, run = known.program(recipe(store.catalogue, ["v:*"])), kernel.load().run_packed
    out = np.empty((len(TWENTY.fields), 1))
    memory = memory_for(program.code, len(program.sources), len(words) // 3)
    return partial(run, words, begins, program.sources, MOMENT, program.code, memory, program.no_tiles, out, 0), out


def _median(work: Callable[[], object]) -> Reading:
    seconds = []
    for _ in range(QUESTIONS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return Reading(statistics.median(seconds))
