"""The Spark home: bit for bit the offline values and the online states, on `local[2]` and on a cluster's workers."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm.clock import DAY
from features import FeatureError, FeatureStore, FeatureView, InlineRecords, customer, days, lifetime, open_inline
from features.base import Engine
from features.checks import SPAN, rows_for, same_bits
from features.discovery import find_views
from features.errors import SparkError, SpineError
from features.spark.exports import export
from features.spark.home import SparkHome
from features.spark.session import start
from tests.features.conftest import Opener
from tests.features.spark_cluster import WORKERS, cluster
from tests.features.test_oracle import spine_of
from tests.features.worlds import every_operation, lines, make, moments_for

VIEWS = ("profile", "engagement", "service", "checkout", "affinity")
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.spark]


def absent() -> str:
    """Why Spark cannot run here; empty where it can."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (pip install --require-hashes -r requirements-spark.lock)"
    return "" if shutil.which("java") else "there is no Java; Spark needs 17 or later"


needs_spark = pytest.mark.skipif(bool(absent()) and os.environ.get("CI") != "true", reason=absent() or "Spark can run")
"""Skips on a desk and says why; where everything must have run, the tests fail instead."""


@pytest.fixture(scope="module", autouse=True)
def small_java() -> Iterator[None]:
    """Java that compiles little: most of its work here would go into code that runs a few times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        yield


@pytest.fixture(scope="module")
def session(small_java: None) -> Iterator[Any]:
    """One Spark for every test here, with two threads."""
    opened, _ = start("local[2]", 1_024)
    yield opened
    opened.stop()


def company() -> InlineRecords:
    """Rows of every table that some packaged views read: late, corrected, deleted, sparse."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for name in VIEWS:
        for table, rows in rows_for(find_views()[name], 3, facts=60).items():
            tables.setdefault(table, rows)
    return InlineRecords(tables)


@pytest.fixture
def store(open_store: Opener) -> FeatureStore:
    views = {name: view for name, view in find_views().items() if name in VIEWS}
    opened = open_store(company(), bucket_rows=50, **views)
    opened.refresh()
    return opened


def spine() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    rows = 200
    return pd.DataFrame(
        {
            "customer_id": draw.integers(1, 9, rows),
            "product_id": draw.integers(1, 9, rows),
            "as_of": draw.integers(-DAY, SPAN + 100 * DAY, rows),
            "known_before": draw.integers(0, SPAN, rows),
            "basket_value": draw.choice([0.0, -0.0, 12.5, np.nan], rows),
        }
    )


@needs_spark
def test_every_operation_gives_the_same_bits_however_many_groups(session: Any, open_store: Opener) -> None:
    world = make(2, facts=150, entities=8, skewed=True)
    store = open_store(
        InlineRecords({"order_lines": world.table_rows()[:120]}), all=every_operation(windows=(*days(7), *lifetime))
    )
    store.spark = SparkHome(store.history, store.history.folder.parent / "small", group_rows=40)
    store.refresh()
    store.records.add("order_lines", world.table_rows()[120:])  # type: ignore[attr-defined]  # rows given inline
    store.refresh()
    asked = spine_of(moments_for(world, 11, 200))
    found = store.historical_features(["all:*"], asked, engine="spark")
    same_bits(found, store.historical_features(["all:*"], asked))


@needs_spark
def test_several_logs_entities_and_inputs_give_the_same_bits(session: Any, store: FeatureStore) -> None:
    refs = [f"{name}:*" for name in VIEWS]
    found = store.historical_features(refs, spine(), engine="spark")
    same_bits(found, store.historical_features(refs, spine()))
    assert found["profile__country"].notna().any()
    assert (found["affinity__" + next(iter(store.views["affinity"].fields))] > 0).any()


@needs_spark
def test_an_earlier_arrival_gives_the_same_bits(session: Any, open_store: Opener) -> None:
    world = make(7, facts=120, entities=5)
    view = FeatureView(entity=customer, spend=lines.amount.sum(days(30) + lifetime), top=lines.category.mode())
    store = open_store(InlineRecords({"order_lines": world.table_rows()[:90]}), all=view)
    asked, before = spine_of(moments_for(world, 3, 60)), store.refresh().watermark
    wanted = store.historical_features(["all:*"], asked)
    store.records.add("order_lines", world.table_rows()[90:])  # type: ignore[attr-defined]  # rows given inline
    store.refresh()
    assert not store.historical_features(["all:*"], asked).equals(wanted)
    same_bits(store.historical_features(["all:*"], asked, watermark=before, engine="spark"), wanted)


@needs_spark
def test_from_parquet_to_parquet(session: Any, store: FeatureStore, tmp_path: Path) -> None:
    refs = ["profile:*", "checkout:*"]
    moments = pa.array(spine()["as_of"]).cast(pa.timestamp("us", tz="UTC"))
    given = pa.Table.from_pandas(spine()).set_column(2, "as_of", moments)
    given = given.append_column("a note", pa.array([f"row {i}" if i % 3 else None for i in range(given.num_rows)]))
    (tmp_path / "spine").mkdir()
    pq.write_table(given.slice(0, 120), tmp_path / "spine" / "a.parquet", row_group_size=50)
    pq.write_table(given.slice(120), tmp_path / "spine" / "b.parquet")
    store.write_features(refs, tmp_path / "spine", tmp_path / "set")
    found = pq.read_table(tmp_path / "set")
    assert found.select(given.column_names).cast(given.schema).equals(given)
    wanted = store.historical_features(refs, spine())
    for name in [name for name in wanted.columns if "__" in name]:
        values = wanted[name].to_numpy()
        expected = pa.array(values, pa.string()) if values.dtype == object else pa.array(values, mask=np.isnan(values))
        assert found.column(name).combine_chunks().equals(expected), name
    with pytest.raises(SparkError, match="set exists already; a new folder is expected"):
        store.write_features(refs, tmp_path / "spine", tmp_path / "set")


@needs_spark
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"as_of": None}, r"spine .* has no column 'as_of'; it has customer_id; customer_id, as_of are expected"),
        ({"customer_id": [1.0]}, r"customer_id in .* holds double; whole record ids are expected"),
        ({"as_of": pa.array([5], pa.timestamp("us"))}, r"as_of in .* has no zone; moments in UTC"),
        ({"as_of": [None]}, r"the spine's as_of is null in 1 rows"),
        ({"all__spend_1d": [0.5]}, r"has a column 'all__spend_1d' already; a name of its own is expected"),
    ],
)
def test_a_spine_in_parquet_is_looked_through(
    change: dict[str, Any], sentence: str, session: Any, open_store: Opener, tmp_path: Path
) -> None:
    store = open_store(make(1).records(), all=FeatureView(entity=customer, spend=lines.amount.sum(days(1))))
    columns = {"customer_id": [1], "as_of": pa.array([5], pa.int64())} | change
    made = {name: pa.array(values, pa.int64()) if values == [None] else values for name, values in columns.items()}
    pq.write_table(pa.table({name: item for name, item in made.items() if item is not None}), tmp_path / "s.parquet")
    with pytest.raises(SpineError, match=sentence):
        store.write_features(["all:*"], tmp_path / "s.parquet", tmp_path / "set")
    assert not (tmp_path / "set").exists()


@needs_spark
def test_states_packed_by_spark_are_the_same_bytes(session: Any, tmp_path: Path) -> None:
    states = {}
    engines: tuple[Engine, ...] = get_args(Engine)
    for engine in engines:
        views = {name: find_views()[name] for name in ("profile", "checkout")}
        opened = open_inline(views, company(), tmp_path / engine, bucket_rows=50)
        opened.refresh()
        report = opened.materialize("customer", as_of=SPAN, engine=engine)
        opened.close()
        assert report.entities["customer"] > 6
        with closing(sqlite3.connect(tmp_path / engine / "online.db")) as database:
            states[engine] = database.execute("select id, key, mark, base from states_customer order by id").fetchall()
    assert states["spark"] == states["local"]
    assert not list((tmp_path / "spark" / "exchange").glob("work-*")), "what was on its way is left behind"


def test_what_was_exported_can_be_forgotten(open_store: Opener, tmp_path: Path) -> None:
    store = open_store(make(1).records(), all=every_operation())
    store.spark = SparkHome(store.history, tmp_path / "shared" / "exchange")
    store.refresh()
    (log,) = store.catalogue.logs(store.catalogue.expand(["all:*"]))
    (tmp_path / "shared" / "exchange").mkdir(parents=True)
    assert list(export(store.history.reader(log), tmp_path / "shared" / "exchange").glob("bucket-*.parquet"))
    store.spark.forget()
    assert not (tmp_path / "shared" / "exchange").exists()


def test_an_engine_that_is_none_is_refused(open_store: Opener) -> None:
    store = open_store(make(1).records(), all=every_operation())
    with pytest.raises(FeatureError, match="the engine 'flink' is unknown; local or spark is expected"):
        store.materialize(engine="flink")  # type: ignore[arg-type]  # the mistake


@needs_spark
def test_a_spine_in_parquet_has_one_key(store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(SparkError, match="pairs of customer and product are known by codes that this machine keeps"):
        store.write_features(["affinity:*"], tmp_path / "spine", tmp_path / "set")


PROGRAM = """
import sys
{before}
from features.errors import SparkError
from features.spark.session import start
from features.base import Engine
try:
    start("nonsense", 512)
except SparkError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("before", "path", "sentence"),
    [
        ("sys.modules['pyspark'] = None", os.environ["PATH"], "Spark is not installed"),
        pytest.param("", "/nowhere", "no Java was found", marks=needs_spark),
        pytest.param("", os.environ["PATH"], "Spark does not start at 'nonsense'", marks=needs_spark),
    ],
)
def test_what_is_missing_is_told_in_one_sentence(before: str, path: str, sentence: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"} | {"PATH": path}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
    )
    assert done.stdout.startswith(sentence)
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.count(";") >= 2


ON_CLUSTER = """
import json, sys
from pathlib import Path
from features import lifetime, open_inline
from features.spark.home import SparkHome
from tests.features.test_oracle import spine_of
from tests.features.worlds import every_operation, make, moments_for

master, folder = sys.argv[1], Path(sys.argv[2])
world = make(9, facts=80, entities=6)
store = open_inline({"all": every_operation(windows=lifetime)}, world.records(), folder)
store.spark = SparkHome(store.history, folder / "exchange", master, group_rows=20)
found = store.historical_features(["all:*"], spine_of(moments_for(world, 4, 80)), engine="spark")
found.to_parquet(folder / "found.parquet")
from pyspark.sql import SparkSession
context = SparkSession.getActiveSession().sparkContext
hosts = context._jsc.sc().getExecutorMemoryStatus().size() - 1
store.close()
print(json.dumps({"executors": hosts, "master": context.master if hosts else ""}))
"""


@needs_spark
def test_two_worker_processes_of_a_cluster_give_the_same_bits(tmp_path: Path, open_store: Opener) -> None:
    with cluster(tmp_path) as master:
        done = subprocess.run(
            [sys.executable, "-c", ON_CLUSTER, master, str(tmp_path / "home")],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["executors"] == WORKERS
    world = make(9, facts=80, entities=6)
    store = open_store(world.records(), all=every_operation(windows=lifetime))
    wanted = store.historical_features(["all:*"], spine_of(moments_for(world, 4, 80)))
    found = pq.read_table(tmp_path / "home" / "found.parquet")
    assert found.equals(pa.Table.from_pandas(wanted).cast(found.schema))
