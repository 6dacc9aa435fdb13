"""The search keeps to its box of time, starts with the champion's parameters, and helps or changes nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import optuna
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.planted import context_of, in_order, inputs_of, problem_of, rows_of
from training.binary import fit
from training.tuning import search, trials_file

pytestmark = pytest.mark.slow

CHAMPION = {
    "learning_rate": 0.031,
    "num_leaves": 5,
    "min_data_in_leaf": 33,
    "lambda_l2": 1.5,
    "feature_fraction": 0.9,
    "bagging_fraction": 0.75,
}


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_the_box_is_kept_and_the_champion_goes_first(tmp_path: Path) -> None:
    rows = rows_of(4_000)
    context = context_of(tmp_path, settings={"tune_seconds": 2.0}, champion_params=CHAMPION | {"rung": "lightgbm"})
    search(rows, inputs_of(rows), context_of(tmp_path, settings={"tune_seconds": 0.2}))  # imports cost time once
    started = monotonic()
    found = search(rows, inputs_of(rows), context)
    assert monotonic() - started < 2.0 + 1.0
    assert found is not None
    trials = found.trials.to_pylist()
    assert {name: trials[0][name] for name in CHAMPION} == pytest.approx(CHAMPION)
    assert found.params["rounds"] >= 1
    best = min((trial for trial in trials if trial["state"] == "complete"), key=lambda trial: trial["log_loss"])
    assert best["log_loss"] <= trials[0]["log_loss"]
    assert {name: best[name] for name in (*CHAMPION, "rounds")} == found.params


def test_every_trial_is_in_one_dated_file_with_when_and_how_it_ended(tmp_path: Path) -> None:
    rows = rows_of(1_000)
    found = search(rows, inputs_of(rows), context_of(tmp_path, settings={"tune_seconds": 2.0}))
    assert found is not None
    ((name, content),) = trials_file(found.trials).items()
    assert re.fullmatch(r"trials-\d{8}T\d{6}Z\.parquet", name)
    kept = pq.read_table(pa.BufferReader(content))
    assert kept.equals(found.trials)
    rows_kept = kept.to_pylist()
    assert [trial["number"] for trial in rows_kept] == list(range(len(rows_kept)))
    states = [trial["state"] for trial in rows_kept]  # only the end of the box cuts off, where a trial is on the way
    assert "complete" in states
    assert set(states) <= {"complete", "cut off"}
    assert "cut off" not in states[:-1]
    assert abs(rows_kept[0]["began_at"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert all((trial["log_loss"] is not None) == (trial["state"] == "complete") for trial in rows_kept)


@pytest.mark.slow
def test_a_fit_hands_the_trials_on_beside_its_artefact(tmp_path: Path) -> None:
    rows = rows_of(600)
    context = context_of(tmp_path, settings={"tune_seconds": 2.0})
    found = fit(context, problem_of(rows), rows, in_order(rows))
    assert [Path(name).suffix for name in found.files] == [".parquet"]
    assert not list(found.directory.glob("trials*"))  # an artefact holds no moments: equal input, equal bytes


def test_no_box_means_no_search(tmp_path: Path) -> None:
    rows = rows_of(100)
    assert search(rows, inputs_of(rows), context_of(tmp_path)) is None
    assert optuna.__version__
