"""A search for LightGBM's parameters in a box of time, by log loss on entities held out of the training rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from time import monotonic
from typing import Any

import numpy as np
import pyarrow as pa

from training.boosting import PATIENCE, ROUNDS, defaults, settings
from training.inputs import Input
from training.preparation import Preparation
from training.rows import Rows
from training.spec import Context
from training.splits import fold_of


@dataclass(frozen=True)
class Tuned:
    """What a search found: the best parameters with their rounds, and every trial in the order of `trial_table`."""

    params: Mapping[str, Any]
    trials: pa.Table


def search(rows: Rows, inputs: Sequence[Input], context: Context) -> Tuned | None:
    """Search for ``settings.tune_seconds``; None when the box is empty.

    The champion's parameters are tried first, then the defaults. The deadline is looked at after every tree,
    so the box is kept to a tree's time; loading the libraries and preparing the matrix lie inside it.
    """
    if context.settings.tune_seconds <= 0:
        return None
    deadline = monotonic() + context.settings.tune_seconds
    import lightgbm
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    context.progress(f"searching parameters for {context.settings.tune_seconds:g} s")
    matrix = Preparation(inputs, is_linear=False).fit(rows.frame, rows.y).taught
    aside = fold_of(rows.ids, rows.y, 5, seed=context.seed) == 0
    base = defaults(len(rows))
    inside = lightgbm.Dataset(matrix[~aside], rows.y[~aside], params=settings(base, context.seed), free_raw_data=False)
    outside = lightgbm.Dataset(matrix[aside], rows.y[aside], reference=inside, free_raw_data=False)
    firsts = _firsts(context.champion_params, base)
    largest = max(int(np.clip(len(rows) // 20, 20, 500)), *(int(first["min_data_in_leaf"]) for first in firsts))

    def attempt(trial: Any) -> float:
        params = base | _suggest(trial, largest)
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        model = lightgbm.train(
            settings(params, context.seed),
            inside,
            ROUNDS,
            valid_sets=[outside],
            valid_names=["aside"],
            callbacks=[stop, _until(deadline)],
        )
        trial.set_user_attr("rounds", max(int(model.best_iteration), 1))
        return float(model.best_score["aside"]["binary_logloss"])

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=context.seed))
    for first in firsts:
        study.enqueue_trial(first)
    study.optimize(attempt, timeout=max(deadline - monotonic(), 0.01), catch=(lightgbm.basic.LightGBMError,))
    done = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    if not done:
        return None
    best = min(done, key=lambda trial: (trial.value, trial.number))
    return Tuned({**best.params, "rounds": best.user_attrs["rounds"]}, trial_table(study.trials))


def trial_table(trials: Iterable[Any]) -> pa.Table:
    """One row per trial, those among them that the end of the box cut off.

    Returns
    -------
    pyarrow.Table
        ``number``, ``began_at`` (µs UTC), ``seconds``, ``state`` (``complete``, ``cut off``, ``failed``), ``log_loss``
        and ``rounds`` (both null unless complete), then the parameters.
    """
    rows = [
        {
            "number": trial.number,
            "began_at": trial.datetime_start.astimezone(UTC),
            "seconds": trial.duration.total_seconds(),
            "state": _STATES[trial.state.name],
            "log_loss": trial.value,
            "rounds": trial.user_attrs.get("rounds"),
            **trial.params,
        }
        for trial in trials
    ]
    return pa.Table.from_pylist(rows, TRIALS)


def trials_file(trials: pa.Table) -> dict[str, bytes]:
    """The trials as one Parquet file, named by the moment at which the first began; none where there are none."""
    if not trials.num_rows:
        return {}
    import pyarrow.parquet as pq

    began, content = trials.column("began_at")[0].as_py(), pa.BufferOutputStream()
    pq.write_table(trials, content)
    return {f"trials-{began:%Y%m%dT%H%M%SZ}.parquet": content.getvalue().to_pybytes()}


_NAMES = ("learning_rate", "num_leaves", "min_data_in_leaf", "lambda_l2", "feature_fraction", "bagging_fraction")
_STATES = {"COMPLETE": "complete", "PRUNED": "cut off", "FAIL": "failed"}
_WHOLE = ("num_leaves", "min_data_in_leaf")
TRIALS = pa.schema(
    [
        ("number", pa.int64()),
        ("began_at", pa.timestamp("us", tz="UTC")),
        ("seconds", pa.float64()),
        ("state", pa.string()),
        ("log_loss", pa.float64()),
        ("rounds", pa.int64()),
        *((name, pa.int64() if name in _WHOLE else pa.float64()) for name in _NAMES),
    ]
)
"""Columns of the table of trials."""


def _firsts(champion: Mapping[str, Any] | None, base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is tried before anything else: the champion's parameters where it has trees, then the defaults."""
    told = [params for params in (champion or {}, base) if "min_data_in_leaf" in params]
    return [{name: params.get(name, base.get(name)) for name in _NAMES if name in base} for params in told]


def _suggest(trial: Any, largest: int) -> dict[str, Any]:
    """Parameters of one trial; `largest` is the greatest ``min_data_in_leaf``."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 3, 63, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, largest, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 1e-2, 100.0, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
    }


def _until(deadline: float) -> Callable[[Any], None]:
    """A LightGBM callback that ends the study's trial at the deadline."""
    import optuna

    def look(_: Any) -> None:
        if monotonic() >= deadline:
            raise optuna.TrialPruned

    return look
