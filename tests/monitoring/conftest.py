"""A world that can be made to move, and a real model that learned it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

from scoring import Model, load
from scoring.artefact import write
from scoring.profile import describe

World: TypeAlias = dict[str, npt.NDArray[Any]]
Learn: TypeAlias = Callable[..., Model]

AS_OF = 1_700_000_000_000_000


def world(rows: int, seed: int) -> World:
    """Forty columns: bell-shaped, skewed with zeros, counts with nulls, rare flags, categories short and long."""
    rng = np.random.default_rng(seed)
    made: World = {f"buying:spend_{i}": np.exp(rng.normal(3, 1, rows)) for i in range(10)}
    made |= {f"engagement:visits_{i}": np.where(rng.random(rows) < 0.6, 0, rng.exponential(3, rows)) for i in range(10)}
    made |= {f"service:tickets_{i}": rng.poisson(1 + i, rows).astype(np.float64) for i in range(6)}
    made |= {f"profile:balance_{i}": rng.normal(size=rows) for i in range(6)}
    made |= {f"profile:flag_{i}": (rng.random(rows) < 0.02 * (i + 1)).astype(np.float64) for i in range(4)}
    for i, size in enumerate((2, 8, 40, 400)):
        made[f"profile:kind_{i}"] = rng.choice(np.array([f"k{j}" for j in range(size)], dtype=object), rows)
    for name in ("service:tickets_0", "profile:balance_0", "profile:kind_1"):
        made[name][rng.random(rows) < 0.1] = None if made[name].dtype == object else np.nan
    return made


@pytest.fixture(scope="session")
def make_world() -> Callable[[int, int], World]:
    """Makes rows of the same world from a number of rows and a seed."""
    return world


@pytest.fixture(scope="session")
def reference() -> World:
    """What the model learned on."""
    return world(5_000, seed=0)


@pytest.fixture
def learn(tmp_path: Path) -> Learn:
    """Makes a model whose profile describes given columns and scores."""

    def make(columns: World, scores: npt.NDArray[Any] | None = None, **more: Any) -> Model:
        ref = next(iter(columns))
        number = {"as": "number", "fill": 0.0, "log": False, "low": None, "high": None, "center": 0.0, "scale": 1.0}
        told = {"title": "spend of 30 days", "unit": "GBP", "family": "buying", "topic": "spend", "phrase": None}
        profile: dict[str, Any] = {
            "rows": len(columns[ref]),
            "as_of": AS_OF,
            "base_rate": 0.2,
            "features": {name: describe(values, _dtype(values)) for name, values in columns.items()},
        }
        if scores is not None:
            profile["score"] = describe(scores, _dtype(scores), has_zero_bin=False)
        everybody = {"expression": "", "refs": []}
        policy = {"threshold": 0.5, "bands": [{"name": "all", "from": 0.0}], "population": everybody}
        return load(
            write(
                tmp_path / "artefacts",
                kind="binary",
                name="churn",
                entity="customer",
                refs=tuple(columns),
                hashes={},
                rung="logistic",
                metrics={"auc": {"value": 0.8, "low": 0.78, "high": 0.82}},
                **more,
                files={
                    "features.json": {
                        "inputs": [{"ref": ref, "dtype": "float", "protected": False, **told}],
                        "groups": {},
                        "columns": [{"ref": ref, **number}],
                    },
                    "linear.json": {"intercept": 0.0, "coefficients": [1.0], "means": [0.0]},
                    "calibration.json": {"method": "none", "x": [], "y": []},
                    "policy.json": policy,
                    "profile.json": profile,
                    "card.md": "# churn\n",
                },
            ).path
        )

    return make


def _dtype(values: npt.NDArray[Any]) -> str:
    return "category" if values.dtype == object else "float"
