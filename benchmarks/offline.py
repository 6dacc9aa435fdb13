"""What the offline cases measure: features of a spine from the history, and from Parquet through DuckDB."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.case import Measure
from benchmarks.measured import measured
from benchmarks.reference import DAY, WIDE, Reference
from benchmarks.store import LATEST, TWENTY, opened
from features.warm import warm

Run = Callable[[], object]
VIEWS = {"windows": TWENTY, "latest": LATEST}
AGGREGATES: dict[str, tuple[str, tuple[int | None, ...]]] = {
    "count": ("count(e.at)", (7, 30, 90, 365, None)),
    "sum": ("sum(e.amount)", (7, 30, 90, 365, None)),
    "mean": ("avg(e.amount)", (30, 365)),
    "max": ("max(e.amount)", (30, 365, None)),
    "min": ("min(e.amount)", (30, 365)),
    "distinct": ("count(DISTINCT e.category)", (90, 365)),
}
MONEY = ("sum", "mean", "max", "min")


def raw(reference: Reference, kind: str) -> Path:
    """The Parquet file that a kind of question reads."""
    return reference.wide if kind == "latest" else reference.raw


def from_history(kind: str, events: int, spine: int, home: str, save: str = "") -> Run:
    """Features from the persisted history in `home`, opened anew."""
    reference = Reference(events, spine)
    questions = reference.questions
    warm()

    def run() -> None:
        store = opened(VIEWS[kind], raw(reference, kind), Path(home))
        frame = store.historical_features(["v:*"], questions)
        store.close()
        if save:
            pq.write_table(pa.Table.from_pandas(frame.drop(columns=["customer_id", "as_of"])), save)

    return run


def from_nothing(kind: str, events: int, spine: int) -> Run:
    """The raw events imported into an empty history, then the same."""
    home = tempfile.mkdtemp(dir=Reference().folder)
    inner = from_history(kind, events, spine, home)

    def run() -> None:
        inner()
        shutil.rmtree(home)

    return run


def from_parquet(kind: str, events: int, spine: int, save: str = "") -> Run:
    """The same question in DuckDB's SQL over the Parquet file."""
    reference = Reference(events, spine)
    path, questions = raw(reference, kind), reference.questions
    questions["row"] = np.arange(len(questions))
    connection = duckdb.connect(
        config={"threads": 2, "memory_limit": "14GB", "temp_directory": str(reference.folder / "spill")}
    )
    connection.register("s", questions)
    sql = (asof_sql if kind == "latest" else windows_sql)(path)

    def run() -> None:
        table = connection.sql(sql).to_arrow_table()
        if save:
            pq.write_table(table, save)

    return run


def windows_sql(path: Path) -> str:
    """The twenty window features as one range join."""
    columns = []
    for name, (call, windows) in AGGREGATES.items():
        for width in windows:
            only = "" if width is None else f" FILTER (WHERE e.at >= s.as_of - {width * DAY})"
            value = f"coalesce({call}{only}, 0)" if name == "sum" else f"{call}{only}"
            columns.append(f"{value} AS {name if width is None else f'{name}_{width}d'}")
    columns.append("any_value(s.as_of) - max(e.at) AS days_since_last")
    events = f"(SELECT customer_id, epoch_us(occurred_at) AS at, amount, category FROM read_parquet('{path}'))"
    return (
        f"SELECT s.row, {', '.join(columns)} FROM s LEFT JOIN {events} e "
        "ON e.customer_id = s.customer_id AND e.at < s.as_of GROUP BY s.row"
    )


def asof_sql(path: Path) -> str:
    """The latest twenty columns as one ASOF join."""
    events = f"(SELECT * REPLACE (epoch_us(occurred_at) AS occurred_at) FROM read_parquet('{path}'))"
    return (
        f"SELECT s.row, {', '.join(f'e.{name}' for name in WIDE)} FROM s ASOF LEFT JOIN {events} e "
        "ON e.customer_id = s.customer_id AND s.as_of > e.occurred_at"
    )


def differences(ours: pa.Table, theirs: pa.Table) -> list[str]:
    """The columns in which two answers differ by more than the tolerances: means 1e-9, all else nothing."""
    ours_frame: pd.DataFrame = ours.to_pandas()
    theirs_frame = theirs.to_pandas().sort_values("row")
    wrong = []
    for name in ours_frame.columns:
        plain = name.removeprefix("v__")
        left, right = ours_frame[name].to_numpy(float), theirs_frame[plain].to_numpy(float)
        operation = plain.partition("_")[0]
        right = right / 10_000 if operation in MONEY else right / DAY if operation == "days" else right
        tolerance = 1e-9 if operation in ("mean", "days") else 0.0
        if not np.allclose(left, right, rtol=tolerance, atol=0.0, equal_nan=True):
            wrong.append(plain)
    return wrong


@contextmanager
def beside_duckdb(kind: str, reference: Reference, *, is_cold: bool = False) -> Iterator[tuple[Measure, Measure]]:
    """Measures of a history that was built before (or is built from nothing), and of DuckDB; their values agree.

    Raises
    ------
    AssertionError
        If the values differ.
    """
    raw(reference, kind)
    with tempfile.TemporaryDirectory(dir=reference.folder) as folder:
        home = str(Path(folder) / "home")
        ask = partial(measured, kind=kind, events=reference.events, spine=reference.spine)
        saved = [str(Path(folder) / f"{name}.parquet") for name in ("ours", "theirs")]
        ask(from_history, home=home, save=saved[0])
        ask(from_parquet, save=saved[1])
        wrong = differences(*map(pq.read_table, saved))
        assert not wrong, f"the values differ in {', '.join(wrong)}"
        yield (
            (partial(ask, from_nothing) if is_cold else partial(ask, from_history, home=home)),
            partial(ask, from_parquet),
        )
