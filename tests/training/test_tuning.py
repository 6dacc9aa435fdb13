"""The search keeps to its box of time, starts with the champion's parameters, and helps or changes nothing."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import optuna
import pytest

from tests.training.planted import context_of, inputs_of, rows_of
from training.tuning import search

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
    assert monotonic() - started < 3.0 + 1.5  # preparation comes before the box
    assert found is not None
    assert {name: found.trials[0][name] for name in CHAMPION} == pytest.approx(CHAMPION)
    assert found.params["rounds"] >= 1
    best = min(trial["log_loss"] for trial in found.trials)
    assert best <= found.trials[0]["log_loss"]


def test_no_box_means_no_search(tmp_path: Path) -> None:
    rows = rows_of(100)
    assert search(rows, inputs_of(rows), context_of(tmp_path)) is None
    assert optuna.__version__
