"""What the case of tracking measures: a fitted model logged by the registry, and by MLflow's own calls."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import registry
from benchmarks.models import candidate
from configs import Settings

FITTED = 20_000  # rows of the model that is logged
PICTURES = "pictures"


def registered(home: str, rows: int) -> Callable[[], object]:
    """A candidate logged and registered in a store that another one is in already."""
    folder = Path(tempfile.mkdtemp(dir=home))
    made, small = candidate(folder, rows), candidate(folder / "first", 3_000)
    opened = registry.open(Settings(home=folder))
    opened.register(small)
    return lambda: opened.register(replace(made, seconds=1.0))


def logged(home: str, rows: int) -> Callable[[], object]:
    """The same figures, parameters and files by `mlflow.log_…`, without a version."""
    import mlflow

    folder = Path(tempfile.mkdtemp(dir=home))
    made = candidate(folder, rows)
    pictures = folder / PICTURES
    pictures.mkdir()
    for name, content in made.pictures.items():
        (pictures / name).write_bytes(content)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.create_experiment("made", artifact_location=(folder / "runs").as_uri())
    mlflow.set_experiment("made")

    def run() -> None:
        with mlflow.start_run():
            for name, value in made.params.items():
                mlflow.log_param(name, value)
            for name, metric in made.metrics.items():
                mlflow.log_metric(name, metric.value)
            mlflow.log_artifacts(str(made.directory), "model")
            mlflow.log_artifacts(str(pictures), PICTURES)

    return run
