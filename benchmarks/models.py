"""What the model cases measure: one made-up matrix, the platform's way with it, and the plain libraries' way."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.case import Measure
from benchmarks.measured import measured
from benchmarks.reference import DAY, SEED, Reference
from configs import Settings
from scoring import BinaryModel, Candidate, load
from scoring.batch import score_file
from training.binary import fit
from training.boosting import best_rounds, defaults, settings
from training.inputs import Input
from training.policies import BandNames, Costs
from training.problem import Population, Problem, Rule
from training.rows import Rows
from training.spec import Context
from training.splits import Split, by_order, fold_of
from training.tuning import search

ROWS, COLUMNS = 100_000, 40
NAMES = tuple(f"made:x{place:02d}" for place in range(COLUMNS))
BOX = 10.0
QUESTIONS = 200
SHARE, SPARE = 1.15, 3.0  # what a fit may take over the plain trainings, of them and in seconds


def matrix(count: int, *, seed: int = SEED) -> np.ndarray:
    """Numbers without names."""
    return np.random.default_rng(seed).normal(size=(count, COLUMNS))


def outcome(values: np.ndarray, *, seed: int = SEED) -> np.ndarray:
    """What hangs on a few of the columns, on two of them only together."""
    x = values.T
    log_odds = 1.2 * x[0] * x[1] + x[2] - 0.7 * np.abs(x[3]) + 0.5 * np.sin(3 * x[4]) - 0.5
    draw = np.random.default_rng(seed + 1)
    return np.asarray(draw.random(len(values)) < 1 / (1 + np.exp(-log_odds)), dtype=np.float64)


def rows_of(count: int) -> Rows:
    """Labelled rows of one moment."""
    values = matrix(count)
    frame = {name: values[:, place].copy() for place, name in enumerate(NAMES)}
    return Rows(np.arange(count), np.full(count, 20_000 * DAY), outcome(values), frame)


def split_of(rows: Rows) -> Split:
    """The rows in their order: 64 % teach, 16 % calibrate, 20 % judge."""
    return Split("order", "the first 64 % teach", *by_order(rows))


def problem() -> Problem:
    """A question about everybody."""
    return Problem(
        name="made",
        entity="customer",
        title="Made",
        outcome="it happens",
        form="It is made up.",
        population=Population("", (), "everybody"),
        inputs=[Input(name, "float", name, family="made", topic=name) for name in NAMES],
        rules=(Rule(NAMES[2], "the third column"),),
        costs=Costs(1.0, 30.0, 0.1, "a contact costs 1"),
        bands=BandNames((("low", 0.5), ("medium", 0.3), ("high", 0.2))),
        declarations={"made": {"version": "0" * 64, "entity": "customer", "ttl": [], "fields": {}}},
    )


def context(home: Path, *, tune_seconds: float = 0.0) -> Context:
    """All that a fit on rows needs."""
    nothing: Any = None
    return Context(settings=Settings(home=home, tune_seconds=tune_seconds), store=nothing, records=nothing)


def candidate(home: Path, count: int) -> Candidate:
    """The platform's fit of so many rows, from labelled rows to an artefact."""
    rows = rows_of(count)
    return fit(context(home), problem(), rows, split_of(rows))


def plain(rows: Rows, seed: int) -> None:
    """The protocol's trainings by `lightgbm.train` alone: how many rounds help, on the training rows, then with more.

    The same matrix, the same parameters; the last one has the calibration rows too.
    """
    import lightgbm

    values, split = np.column_stack([rows.frame[name] for name in NAMES]), split_of(rows)
    params = defaults(len(split.train))
    train, taught = ((values[part], rows.y[part], rows.ids[part]) for part in (split.train, split.taught))
    rounds = best_rounds(*train[:2], fold_of(train[2], train[1], 5, seed=seed) == 0, params, seed=seed)
    for x, y, _ in (train, taught):
        lightgbm.train(settings(params, seed), lightgbm.Dataset(x, y), rounds)


def warmed(home: str) -> Path:
    """A folder; the libraries are loaded by a small fit."""
    folder = Path(tempfile.mkdtemp(dir=home))
    candidate(folder / "small", 3_000)
    return folder


def overhead(home: str, rows: int) -> Callable[[], float]:
    """Seconds that a fit takes over `SHARE` times the plain trainings, one right after the other."""
    folder, made = warmed(home), rows_of(rows)
    asking = context(folder)

    def run() -> float:
        began = time.perf_counter()
        plain(made, asking.seed)
        between = time.perf_counter()
        fit(asking, problem(), made, split_of(made))
        return time.perf_counter() - between - SHARE * (between - began)

    return run


def trainings(home: str, rows: int) -> Callable[[], None]:
    """The plain trainings."""
    warmed(home)
    made = rows_of(rows)
    return partial(plain, made, context(Path(home)).seed)


def overshoot(home: str, rows: int) -> Callable[[], float]:
    """By how many seconds a search oversteps its box."""
    asking, made = context(warmed(home), tune_seconds=BOX), rows_of(rows)

    def run() -> float:
        began = time.perf_counter()
        search(made, problem().inputs, asking)
        return time.perf_counter() - began - BOX

    return run


def plain_overshoot(home: str, rows: int) -> Callable[[], float]:
    """The same of `optuna.Study.optimize` with the box as its timeout."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made, seed = rows_of(rows), context(Path(home)).seed
    values, aside = np.column_stack(list(made.frame.values())), fold_of(made.ids, made.y, 5, seed=seed) == 0

    def attempt(trial: Any) -> float:
        params = defaults(rows) | {"learning_rate": trial.suggest_float("learning_rate", 0.1, 0.3)}
        best_rounds(values, made.y, aside, params, seed=seed)
        return float(trial.number)

    def run() -> float:
        began = time.perf_counter()
        optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed)).optimize(attempt, timeout=BOX)
        return time.perf_counter() - began - BOX

    return run


def explained(artefact: str) -> Callable[[], float]:
    """Median seconds of one row's score with its three strongest reasons."""
    model = opened(artefact)
    rows = rows_of(QUESTIONS)
    frames = [{name: values[place : place + 1] for name, values in rows.frame.items()} for place in range(QUESTIONS)]

    def ask(frame: dict[str, np.ndarray]) -> None:
        model.predict(frame)
        model.explain(frame, 3)

    return partial(median_of, ask, frames)


def contributions(artefact: str) -> Callable[[], float]:
    """Median seconds of LightGBM's own contributions of one row."""
    booster = plain_booster(artefact)
    rows = [row[None, :] for row in matrix(QUESTIONS)]
    return partial(median_of, partial(booster.predict, pred_contrib=True, num_threads=1), rows)


def median_of(ask: Callable[[Any], object], questions: list[Any]) -> float:
    """Median seconds of the questions, each asked once after the first ones were asked to warm up."""
    seconds = []
    for question in [*questions[:10], *questions]:
        began = time.perf_counter()
        ask(question)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[10:])


def scored(artefact: str, rows: int) -> Callable[[], object]:
    """A Parquet matrix to Parquet scores."""
    home = Path(artefact).parent
    return partial(score_file, opened(artefact), parquet(home, rows), home / "scores.parquet")


def predicted(artefact: str, rows: int) -> Callable[[], object]:
    """The raw `Booster.predict` of the same numbers, which are in memory already."""
    return partial(plain_booster(artefact).predict, matrix(rows))


def parquet(home: Path, rows: int) -> Path:
    """The matrix as a file, with the customers' ids; made once."""
    path = home / "matrix.parquet"
    if not path.exists():
        values = matrix(rows)
        columns = {name.replace(":", "__"): values[:, place] for place, name in enumerate(NAMES)}
        pq.write_table(pa.table({"customer_id": np.arange(rows), **columns}), path)
    return path


def opened(artefact: str) -> BinaryModel:
    """The model of an artefact."""
    model = load(Path(artefact))
    assert isinstance(model, BinaryModel)
    assert model.rung == "lightgbm", f"the {model.rung} answers"
    return model


def plain_booster(artefact: str) -> Any:
    """LightGBM's own object of the same trees."""
    import lightgbm

    return lightgbm.Booster(model_str=(Path(artefact) / "model.txt").read_text(encoding="utf-8"))


Made = Callable[..., Callable[[], object]]


@contextmanager
def of_rows(subject: Made, baseline: Made, rows: int, reference: Reference) -> Iterator[tuple[Measure, Measure]]:
    """Measures, each in a process of its own, of two ways with so many labelled rows."""
    with _folder(reference) as home:
        yield partial(measured, subject, home=home, rows=rows), partial(measured, baseline, home=home, rows=rows)


@contextmanager
def of_model(subject: Made, baseline: Made, reference: Reference, **size: Any) -> Iterator[tuple[Measure, Measure]]:
    """Measures, each in a process of its own, of two ways to ask one model, fitted on `ROWS` rows."""
    with _folder(reference) as home:
        artefact = candidate(Path(home), ROWS).directory
        ours, theirs = (partial(measured, way, artefact=artefact, **size) for way in (subject, baseline))
        yield ours, theirs


@contextmanager
def _folder(reference: Reference) -> Iterator[str]:
    reference.folder.mkdir(parents=True, exist_ok=True)
    home = tempfile.mkdtemp(dir=reference.folder)
    try:
        yield home
    finally:
        shutil.rmtree(home)
