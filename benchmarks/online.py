"""What the online cases measure: states built and asked for, beside Feast in an environment of its own."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.case import Measure, Reading
from benchmarks.measured import measured
from benchmarks.reference import BEGIN, SEED, SPAN, WIDE, Reference
from benchmarks.store import LATEST, TWENTY, opened
from features import FeatureStore
from features.parquet import ParquetRecords
from features.warm import warm

FEAST = Path(__file__).parent / ".feast"
PINS = ("feast==0.67.*", "pandas<3")
QUESTIONS = 400
MOMENT = BEGIN + SPAN


def feast() -> Path:
    """The interpreter of an environment that holds Feast, made on first use."""
    python = FEAST / "bin" / "python"
    ready = FEAST / ".ready"
    if not ready.exists():
        venv.create(FEAST, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS], check=True)
        ready.touch()
    return python


def values(customers: int, path: Path) -> Path:
    """One row of twenty values for each customer, as Parquet."""
    draw = np.random.default_rng(SEED + 3)
    table = {
        "customer_id": pa.array(np.arange(1, customers + 1)),
        "occurred_at": pa.array(np.full(customers, MOMENT - 1)).cast(pa.timestamp("us", tz="UTC")),
    }
    pq.write_table(pa.table({**table, **{name: pa.array(draw.random(customers)) for name in WIDE}}), path)
    return path


class Feast:
    """Feast's side: a server process that is told what to do, line by line.

    Parameters
    ----------
    rows : Path
        From `values`.
    folder : Path
    """

    def __init__(self, rows: Path, folder: Path) -> None:
        words = [str(feast()), str(Path(__file__).parent / "feast_side.py"), str(rows), str(folder)]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, *words: object) -> dict[str, object]:
        """What it answers to one line.

        Raises
        ------
        RuntimeError
            If it has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, object] = json.loads(line)
                return answer
        raise RuntimeError("Feast ended without an answer")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def materialized(rows: str) -> Callable[[], object]:
    """Twenty latest values of every customer from the history into an empty SQLite store."""
    warm()
    folder = Path(tempfile.mkdtemp(dir=Path(rows).parent))
    store = opened(LATEST, Path(rows), folder)
    store.refresh()

    def run() -> None:
        store.materialize("customer")
        store.close()
        shutil.rmtree(folder)

    return run


@contextmanager
def materialize_beside_feast(reference: Reference) -> Iterator[tuple[Measure, Measure]]:
    """Measures of writing the latest values of every customer into SQLite; values agree."""
    reference.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=reference.folder) as folder:
        rows = values(reference.customers, Path(folder) / "values.parquet")
        other = Feast(rows, Path(folder))
        try:
            seconds = partial(other.ask, "materialize")
            seconds()
            _agree(rows, other, Path(folder))
            yield partial(measured, materialized, rows=str(rows)), lambda: Reading(_number(seconds()))
        finally:
            other.close()


def _agree(rows: Path, other: Feast, folder: Path) -> None:
    store = opened(LATEST, rows, folder / "ours")
    store.refresh()
    store.materialize("customer")
    keys = [1, 7, 9]
    ours = store.online_features(["v:*"], [str(key) for key in keys], MOMENT).values
    theirs = other.ask("values", keys)
    store.close()
    assert all(ours[f"v:{name}"].tolist() == theirs[name] for name in WIDE), "the values differ"


def _number(answer: dict[str, object]) -> float:
    return float(str(answer["value"]))


def asked(home: str, events: int, keys: int) -> Callable[[], object]:
    """The median seconds of questions for the twenty window features of some customers, as of the end."""
    warm()
    reference = Reference(events)
    store = opened(TWENTY, reference.raw, Path(home))
    draw = np.random.default_rng(SEED + 4)
    questions = draw.integers(1, reference.customers + 1, (QUESTIONS, keys)).astype(str).tolist()
    for question in questions[:50]:
        store.online_features(["v:*"], question, MOMENT)

    def run() -> float:
        seconds = []
        for question in questions:
            began = time.perf_counter()
            store.online_features(["v:*"], question, MOMENT)
            seconds.append(time.perf_counter() - began)
        return statistics.median(seconds)

    return run


@contextmanager
def questions_beside_feast(keys: int, reference: Reference) -> Iterator[tuple[Measure, Measure]]:
    """Measures of asking for so many customers at once; ours computes what Feast has stored."""
    reference.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=reference.folder) as folder:
        home = Path(folder) / "ours"
        store = opened(TWENTY, reference.raw, home)
        store.refresh()
        store.materialize("customer")
        _equals_offline(store, reference)
        store.close()
        other = Feast(values(reference.customers, Path(folder) / "values.parquet"), Path(folder))
        try:
            other.ask("materialize")
            ours = partial(measured, asked, home=str(home), events=reference.events, keys=keys)
            yield ours, lambda: Reading(_number(other.ask("ask", keys, QUESTIONS)))
        finally:
            other.close()


def _equals_offline(store: FeatureStore, reference: Reference) -> None:
    questions = reference.questions.head(20).assign(as_of=MOMENT)
    offline = store.historical_features(["v:*"], questions)
    online = store.online_features(["v:*"], questions["customer_id"].astype(str).tolist(), MOMENT).values
    same = all(online[ref].tobytes() == offline[ref.replace(":", "__")].to_numpy().tobytes() for ref in online)
    assert same, "online differs from offline"


@contextmanager
def day_beside_full(reference: Reference) -> Iterator[tuple[Measure, Measure]]:
    """Measures of one more day appended and refreshed, and of everything built anew."""
    warm()
    reference.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=reference.folder) as folder:
        records = ParquetRecords({"purchases": reference.raw})
        store = opened(TWENTY, records, Path(folder) / "kept")
        store.refresh()
        store.materialize("customer")
        days = 0

        def day() -> Reading:
            nonlocal days
            records.add("purchases", reference.day(days))
            days += 1
            return _seconds(lambda: (store.refresh(), store.materialize("customer")))

        def full() -> Reading:
            home = Path(folder) / f"full{days}"
            fresh = opened(TWENTY, records, home)
            took = _seconds(lambda: (fresh.refresh(), fresh.materialize("customer")))
            _same_answers(store, fresh, reference)
            fresh.close()
            shutil.rmtree(home)
            return took

        yield day, full
        store.close()


def _same_answers(kept: FeatureStore, fresh: FeatureStore, reference: Reference) -> None:
    keys = [str(key) for key in reference.questions["customer_id"].head(50)]
    ours, theirs = (store.online_features(["v:*"], keys, MOMENT + SPAN).values for store in (kept, fresh))
    assert all(ours[ref].tobytes() == theirs[ref].tobytes() for ref in ours), "the states differ"


def _seconds(work: Callable[[], object]) -> Reading:
    began = time.perf_counter()
    work()
    return Reading(time.perf_counter() - began)
