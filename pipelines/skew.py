"""Skew of a model: a sample of the vectors that it was served, computed again offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from configs import RapportError
from features.skew import SkewReport, Vector, check_skew
from pipelines.workspace import Workspace
from scoring.log import PredictionLog

SAMPLE = 500
"""Vectors looked at: a fault in 1 % of them is seen with a chance of 99 %."""


@dataclass(frozen=True)
class Checked:
    """A check of one model."""

    model: str
    report: SkewReport

    def to_json(self) -> dict[str, Any]:
        """What ``features skew --json`` prints."""
        return {"model": self.model} | self.report.to_json()

    def lines(self) -> list[str]:
        """What ``features skew`` prints for people."""
        first, *rest = self.report.lines()
        return [f"{self.model}: {first}", *rest]


def skew(workspace: Workspace, name: str, *, since: int | None = None, rows: int = SAMPLE, seed: int = 7) -> Checked:
    """Compare a sample of served vectors with what the offline home says of the same moments.

    Parameters
    ----------
    name : str
        The model; its answers are in the prediction log.
    since : int, optional
        Only answers given at or after this moment (µs).
    rows : int
        Size of the sample.
    seed : int
        Of the sample.

    Raises
    ------
    RapportError
        If the model is unknown, or has not been served with features.
    """
    workspace.check_model(name)
    found = skew_of(workspace, name, since=since, rows=rows, seed=seed)
    if found is None:
        raise RapportError(
            f"the prediction log holds no answer of {name!r} that rests on features; answers of a server are expected; "
            "ask one: rapport serve"
        )
    return found


def skew_of(
    workspace: Workspace, name: str, *, since: int | None = None, rows: int = SAMPLE, seed: int = 7
) -> Checked | None:
    """The same; None where nothing was served."""
    with PredictionLog(workspace.settings.predictions_dir) as log:
        answers = log.sample(name, rows, since=since, seed=seed)
    if not answers.num_rows:
        return None
    workspace.features.refresh(progress=workspace.progress)
    return Checked(name, check_skew(workspace.features, _vectors(answers)))


def _vectors(answers: pa.Table) -> Iterator[Vector]:
    for row in answers.to_pylist():
        yield Vector(
            entity=row["entity"],
            key=row["id"],
            as_of=row["as_of"],
            watermark=row["watermark"],
            values=json.loads(row["features"]),
            inputs=json.loads(row["inputs"] or "{}"),
        )
