"""Feast beside us, run by an interpreter of its own: reads one JSON line, answers with one JSON line.

``["materialize"]`` writes the file's rows into a new SQLite store; ``["ask", keys, questions]`` gives the median
seconds of a question for so many entities; ``["values", ids]`` gives what is stored.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType  # type: ignore[import-not-found]  # in its own environment
from feast.types import Float64  # type: ignore[import-not-found]  # as above

ROWS, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])
NAMES = [name for name in pq.read_schema(ROWS).names if name not in ("customer_id", "occurred_at")]
REFS = [f"wide:{name}" for name in NAMES]
STORES: list[Any] = []


def applied() -> Any:
    """A store with the view, in a folder of its own."""
    home = Path(tempfile.mkdtemp(dir=FOLDER))
    store = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=str(home / "registry.db"),
            online_store={"type": "sqlite", "path": str(home / "online.db")},
            offline_store={"type": "file"},
            entity_key_serialization_version=3,
        )
    )
    customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
    source = FileSource(path=str(ROWS), timestamp_field="occurred_at")
    fields = [Field(name=name, dtype=Float64) for name in NAMES]
    store.apply(
        [customer, FeatureView(name="wide", entities=[customer], ttl=timedelta(0), schema=fields, source=source)]
    )
    return store


def materialize() -> dict[str, object]:
    """Seconds of writing every entity's values."""
    store = applied()
    began = time.perf_counter()
    store.materialize(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    seconds = time.perf_counter() - began
    STORES.append(store)
    return {"value": seconds}


def answered(ids: list[int]) -> dict[str, list[float]]:
    """The stored values of some entities."""
    rows = [{"customer_id": number} for number in ids]
    found: dict[str, list[float]] = STORES[-1].get_online_features(features=REFS, entity_rows=rows).to_dict()
    return found


def ask(keys: int, questions: int) -> dict[str, object]:
    """The median seconds of a question."""
    count = pq.read_metadata(ROWS).num_rows
    draw = random.Random(4)  # noqa: S311 - which customers
    seconds = []
    for _ in range(questions):
        ids = [draw.randrange(1, count + 1) for _ in range(keys)]
        began = time.perf_counter()
        answered(ids)
        seconds.append(time.perf_counter() - began)
    return {"value": statistics.median(seconds)}


ACTIONS: dict[str, Callable[..., object]] = {"materialize": materialize, "ask": ask, "values": answered}

if __name__ == "__main__":
    for line in sys.stdin:
        action, *arguments = json.loads(line)
        print(json.dumps(ACTIONS[action](*arguments)), flush=True)
