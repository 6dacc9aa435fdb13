"""Score a file of feature values with a champion: no records are read and none written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import RapportError
from pipelines.workspace import Workspace
from scoring import BinaryModel
from scoring.batch import score_file


class KindError(RapportError):
    """The model gives no scores."""


@dataclass(frozen=True)
class FileScored:
    """One file: which version, where the scores lie, how many rows got one."""

    model: str
    version: str
    grade: str
    file: str
    scored: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """What ``score --from FILE --json`` prints."""
        return vars(self) | {"seconds": round(self.seconds, 3)}

    def lines(self) -> list[str]:
        """What it prints for people."""
        return [
            f"{self.model} version {self.version} (grade {self.grade}): {self.scored:,} rows scored into {self.file} "
            f"in {self.seconds:.1f} s"
        ]


def score_matrix(workspace: Workspace, name: str, source: Path, target: Path) -> FileScored:
    """Score every row of a Parquet file with the champion of `name`.

    Raises
    ------
    RapportError
        If the model is unknown, has no champion or gives no scores, or the file cannot be scored.
    """
    began = time.monotonic()
    workspace.check_model(name)
    version, model = workspace.registry.load(name)
    if not isinstance(model, BinaryModel):
        raise KindError(
            f"{name!r} is a {model.kind} model; one that gives probabilities is expected to score a file; "
            f"run `rapport score {name}`"
        )
    scored = score_file(model, source, target)
    return FileScored(name, version.version, version.grade, str(target), scored, time.monotonic() - began)
