"""LightGBM as it is taught here: defaults by the number of rows, early stopping, the same bytes twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring import Floats
from training.rows import Ids
from training.splits import fold_of

ROUNDS = 600
PATIENCE = 30
FIXED: Mapping[str, Any] = {
    "objective": "binary",
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
}


@dataclass(frozen=True)
class Booster:
    """Boosted trees: the library's object, its text without machine settings, and its parameters."""

    model: Any
    text: str
    params: Mapping[str, Any]


def defaults(rows: int) -> dict[str, Any]:
    """Parameters that hold without a search: smaller leaves for more rows, strong regularisation for few.

    Examples
    --------
    >>> defaults(1_000)["num_leaves"], defaults(100_000)["num_leaves"]
    (7, 31)
    """
    return {
        "learning_rate": 0.05 if rows < 20_000 else 0.1,
        "num_leaves": 7 if rows < 5_000 else 15 if rows < 50_000 else 31,
        "min_data_in_leaf": int(np.clip(rows // 100, 20, 200)),
        "lambda_l2": 5.0,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "max_bin": 255 if rows < 20_000 else 127,
        "num_threads": threads_for(rows),
    }


def threads_for(rows: int) -> int:
    """Threads of a training: one where waiting for each other would cost them more than the trees.

    ``OMP_NUM_THREADS`` bounds them, as where several trainings run side by side.

    Examples
    --------
    >>> threads_for(1_000)
    1
    """
    return 1 if rows < 20_000 else min(2, int(os.environ.get("OMP_NUM_THREADS", "2").partition(",")[0]))


def boost(
    matrix: Floats,
    y: Floats,
    ids: Ids,
    *,
    seed: int,
    params: Mapping[str, Any] | None = None,
) -> Booster:
    """Fit on all rows, for as many rounds as helped on a fifth of the entities held out.

    Parameters
    ----------
    matrix : ndarray, shape (rows, columns)
    y : ndarray, shape (rows,)
    ids : ndarray of int64, shape (rows,)
        Entities; one entity's rows are held out together.
    seed : int
    params : mapping, optional
        Over the defaults; ``rounds`` fixes the number of rounds.

    Returns
    -------
    Booster
        Its ``text`` is the same for the same input on any machine.
    """
    import lightgbm

    chosen = defaults(len(y)) | dict(params or {})
    rounds = int(chosen.pop("rounds", 0))
    if not rounds:
        held_out = fold_of(ids, y, 5, seed=seed) == 0
        rounds = best_rounds(matrix, y, held_out, chosen, seed=seed)
    model = lightgbm.train(settings(chosen, seed), lightgbm.Dataset(matrix, y), rounds)
    return Booster(model, plain_text(model), chosen | {"rounds": rounds})


def best_rounds(
    matrix: Floats,
    y: Floats,
    held_out: np.ndarray[Any, np.dtype[np.bool_]],
    params: Mapping[str, Any],
    *,
    seed: int,
    callbacks: list[Callable[..., Any]] | None = None,
) -> int:
    """Rounds after which the log loss of the rows held out no longer falls."""
    import lightgbm

    inside = lightgbm.Dataset(matrix[~held_out], y[~held_out], free_raw_data=False)
    outside = lightgbm.Dataset(matrix[held_out], y[held_out], reference=inside, free_raw_data=False)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    model = lightgbm.train(
        settings(params, seed), inside, ROUNDS, valid_sets=[outside], callbacks=[stop, *(callbacks or [])]
    )
    return max(int(model.best_iteration), 1)


def settings(params: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Parameters as LightGBM takes them, with everything fixed that would change the bytes."""
    return {**FIXED, **params, "seed": seed, "metric": "binary_logloss"}


def plain_text(model: Any) -> str:
    """LightGBM's own text without its list of parameters, which names threads and paths."""
    text = str(model.model_to_string())
    start, end = text.find("\nparameters:"), text.find("end of parameters\n")
    return text if start < 0 or end < 0 else text[: start + 1] + text[end + len("end of parameters\n") :]
