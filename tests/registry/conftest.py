"""A small linear candidate, and a migrated store that is copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import registry
from configs import Settings
from registry.tracking import Tracking
from scoring import Candidate, Evidence, Metric, Naive, Parity, load
from scoring.artefact import write
from scoring.profile import describe

Make = Callable[..., Candidate]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's file with all its tables; making one takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    with Tracking(f"sqlite:///{folder / 'mlflow.db'}", folder / "lock").client():
        pass
    return folder / "mlflow.db"


@pytest.fixture
def opened(settings: Settings, migrated: Path) -> registry.Registry:
    """An empty registry on a store of its own."""
    settings.home.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated, settings.home / "mlflow.db")
    return registry.open(settings)


@pytest.fixture
def make_candidate(tmp_path: Path) -> Make:
    """Makes candidates that differ in one weight; keywords replace the candidate's fields."""

    def make(weight: float = 1.0, *, name: str = "churn", noise: float = 0.0, **fields: Any) -> Candidate:
        directory = _artefact(tmp_path / "trained", name, weight)
        given: dict[str, Any] = {
            "model": load(directory),
            "directory": directory,
            "metrics": {"auc": Metric(0.8, 0.75, 0.85)},
            "naive": Naive("recency", {"auc": Metric(0.6, 0.5, 0.7)}),
            "protocol": "time",
            "protocol_note": "two cutoffs",
            "rows": 2_000,
            "base_rate": 0.3,
            "grade": "B",
            "grade_reasons": ["lift 2.1"],
            "rung": "logistic",
            "card": "# Churn\n\nWho leaves.\n\n![Who is <found>](pictures/roc.svg)\n",
            "hashes": {"data": "d" * 64, "code": "c" * 64},
            "as_of": 1_700_000_000_000_000,
            "seconds": 1.5,
            "params": {"C": 1.0, "model": {"leaves": 31}},
            "parity": Parity(500, 0.0),
            "pictures": {"roc.svg": b"<svg/>"},
            "files": {"trials.parquet": b"PAR1"},
            "tables": {"ladder": [{"rung": "rule", "log_loss": 0.6}]},
            "evidence": evidence(noise),
        }
        return Candidate(**given | fields)

    return make


def evidence(noise: float = 0.0, rows: int = 2_000, seed: int = 1) -> Evidence:
    """Calibrated probabilities, blurred by `noise`, beside a weak rule."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(-1.5 * signal))).astype(np.float64)
    log_odds = 1.5 * signal + noise * rng.normal(size=rows)
    return Evidence(
        entity="customer",
        ids=np.arange(rows),
        as_of=np.zeros(rows, dtype=np.int64),
        y=y,
        score=1 / (1 + np.exp(-log_odds)),
        naive_score=signal + 3 * rng.normal(size=rows),
    )


def _artefact(parent: Path, name: str, weight: float) -> Path:
    ref = "buying:since_last"
    number = {"as": "number", "fill": 0.0, "log": False, "low": None, "high": None, "center": 0.0, "scale": 1.0}
    title = {"title": "time since last order", "unit": "days", "family": "buying", "topic": "recency"}
    files: dict[str, Any] = {
        "features.json": {
            "inputs": [{"ref": ref, "dtype": "float", "protected": False, "phrase": None, **title}],
            "groups": {},
            "columns": [{"ref": ref, **number}],
        },
        "linear.json": {"intercept": 0.0, "coefficients": [weight], "means": [0.0]},
        "calibration.json": {"method": "none", "x": [], "y": []},
        "policy.json": {
            "threshold": 0.5,
            "bands": [{"name": "low", "from": 0.0}, {"name": "high", "from": 0.5}],
            "population": {"expression": "", "refs": []},
        },
        "profile.json": {"columns": {ref: describe(np.arange(100.0), "float")}},
        "card.md": f"# {name}\n",
    }
    return write(
        parent,
        kind="binary",
        name=name,
        entity="customer",
        refs=(ref,),
        files=files,
        hashes={"data": "d" * 64},
        rung="logistic",
    ).path
