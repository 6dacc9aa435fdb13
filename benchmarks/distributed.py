"""What the Spark case measures: window features through a session of two local workers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.case import Measure
from benchmarks.measured import measured
from benchmarks.offline import from_parquet
from benchmarks.reference import Reference
from benchmarks.store import TWENTY, opened
from features import FeatureStore
from features.spark.home import SparkHome
from features.spark.session import start
from features.warm import warm


def through_spark(events: int, spine: int, home: str) -> Callable[[], object]:
    """Features from the history in `home` through Spark; what it gives equals the offline home bit for bit."""
    warm()
    reference, folder = Reference(events, spine), Path(home)
    questions = reference.questions
    local = opened(TWENTY, reference.raw, folder)
    local.refresh()
    wanted = local.historical_features(["v:*"], questions)
    start("local[2]", 2_048)
    spark = SparkHome(local.history, folder / "exchange", "local[2]", 2_048)
    store = FeatureStore(local.records, local.catalogue, local.history, local.online.store, 2, spark)
    store.historical_features(["v:*"], questions.head(1_000), engine="spark")  # workers start, kernels load
    found = store.historical_features(["v:*"], questions, engine="spark")
    same = all(found[name].to_numpy().tobytes() == wanted[name].to_numpy().tobytes() for name in wanted)
    assert same, "Spark's values differ from the offline home's"
    return lambda: store.historical_features(["v:*"], questions, engine="spark")


@contextmanager
def spark_beside_duckdb(reference: Reference) -> Iterator[tuple[Measure, Measure]]:
    """Measures of Spark with its session started, and of DuckDB's range join."""
    reference.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=reference.folder) as folder:
        size = partial(measured, events=reference.events, spine=reference.spine)
        yield partial(size, through_spark, home=folder), partial(size, from_parquet, kind="windows")
