"""Two versions of a model on the same rows: which is better, by how much, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from configs.errors import RapportError
from features.catalogue import flat
from pipelines.workspace import Workspace
from registry.comparison import Comparison, Figure
from registry.comparison import compare as paired
from scoring import BinaryModel

SHARE = 0.1
"""Size of the list whose lift is compared, as a share of the rows."""
LEVEL, REPLICATES, SEED = 0.95, 500, 20_111_209


class CompareError(RapportError):
    """The two versions cannot be compared."""


@dataclass(frozen=True)
class Compared:
    """Two versions on the same later rows.

    Attributes
    ----------
    model, first, second : str
        The model and the numbers of its versions.
    rows : int
    protocol_note : str
        How the rows were held back.
    is_fair : bool
        Whether neither version can have learned from the rows.
    comparison : Comparison
        The first minus the second.
    """

    model: str
    first: str
    second: str
    rows: int
    protocol_note: str
    is_fair: bool
    comparison: Comparison

    def to_json(self) -> dict[str, Any]:
        """What ``compare --json`` prints."""
        return {
            "model": self.model,
            "versions": [self.first, self.second],
            "rows": self.rows,
            "protocol": self.protocol_note,
            "fair": self.is_fair,
            **self.comparison.to_json(),
        }


def compare(workspace: Workspace, name: str, first: str, second: str, *, as_of: int | None = None) -> Compared:
    """Compare two versions on the latest rows whose outcome is known.

    Parameters
    ----------
    first, second : str
        Version numbers.
    as_of : int, optional
        Moment (µs) up to which outcomes are used; default: the end of the sources in use.

    Raises
    ------
    RapportError
        If the model or a version is unknown, it answers no yes-or-no question, or its outcomes carry no times.
    """
    workspace.check_model(name)
    versions = [workspace.registry.version(name, number) for number in (first, second)]
    models = [workspace.registry.open_model(version) for version in versions]
    workspace.features.refresh(progress=workspace.progress)
    latest = workspace.training.latest(name, as_of=as_of)
    scores = []
    for model in models:
        if not isinstance(model, BinaryModel):
            raise CompareError(f"{name!r} gives no probability; a yes-or-no model is expected; name one, such as churn")
        found = workspace.features.historical_features(model.refs, latest.spine)
        scores.append(model.predict({ref: found[flat(ref)].to_numpy() for ref in model.refs}))
    figures: tuple[Figure, ...] = ("auc", "lift", "calibration")
    comparison = paired(
        latest.y,
        scores[0],
        scores[1],
        latest.ids,
        figures=figures,
        share=SHARE,
        levels=dict.fromkeys(figures, LEVEL),
        replicates=REPLICATES,
        seed=SEED,
    )
    is_fair = all(version.as_of <= latest.as_of for version in versions)
    return Compared(name, first, second, len(latest.y), latest.note, is_fair, comparison)
