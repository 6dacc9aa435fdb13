"""Two versions of a model on the same rows: which is better, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from configs.errors import RapportError
from features.catalogue import flat
from pipelines.workspace import Workspace
from registry.comparison import Comparison, Figure, Interval
from registry.comparison import compare as paired
from registry.version import ModelVersion
from scoring import BinaryModel, Metric, Model, RecommendationModel

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
    recipes : sequence of str
        How each ranks, of versions that give lists of items; none of others.
    """

    model: str
    first: str
    second: str
    rows: int
    protocol_note: str
    is_fair: bool
    comparison: Comparison
    recipes: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """What ``compare --json`` prints."""
        return {
            "model": self.model,
            "versions": [self.first, self.second],
            "rows": self.rows,
            "protocol": self.protocol_note,
            "fair": self.is_fair,
            **({"recipes": list(self.recipes)} if self.recipes else {}),
            **self.comparison.to_json(),
        }


def compare(workspace: Workspace, name: str, first: str, second: str, *, as_of: int | None = None) -> Compared:
    """Compare two versions on the latest rows whose outcome is known.

    Of a recommendation each version's recipe is taught anew before the last horizon, and the rows are the customers who
    bought within it.

    Parameters
    ----------
    first, second : str
        Version numbers.
    as_of : int, optional
        Moment (µs) up to which outcomes are used; default: the end of the sources in use.

    Raises
    ------
    RapportError
        If the model or a version is unknown, it neither answers a yes-or-no question nor recommends, its outcomes carry
        no times, or its history is too short.
    """
    workspace.check_model(name)
    versions = [workspace.registry.version(name, number) for number in (first, second)]
    models = [workspace.registry.open_model(version) for version in versions]
    workspace.features.refresh(progress=workspace.progress)
    if workspace.training.recommends(name):
        return _lists(workspace, versions, models, as_of)
    return _scores(workspace, versions, models, as_of)


def _lists(
    workspace: Workspace, versions: Sequence[ModelVersion], models: Sequence[Model], as_of: int | None
) -> Compared:
    recipes = [model.recipe for model in models if isinstance(model, RecommendationModel)]
    name, (first, second) = versions[0].model, recipes
    found = workspace.training.compare_lists(
        name, (first, second), as_of=as_of, progress=lambda words: workspace.progress(words, 0, 0)
    )
    comparison = Comparison(
        {figure: metric.value for figure, metric in found.first.items()},
        {figure: metric.value for figure, metric in found.second.items()},
        {figure: _interval(metric) for figure, metric in found.difference.items()},
    )
    is_fair = all(version.as_of <= found.as_of for version in versions)
    one, other = versions
    told = found.customers, found.note, is_fair, comparison, found.recipes
    return Compared(name, one.version, other.version, *told)


def _interval(metric: Metric) -> Interval:
    low, high = (metric.value if end is None else end for end in (metric.low, metric.high))
    return Interval(metric.value, low, high)


def _scores(
    workspace: Workspace, versions: Sequence[ModelVersion], models: Sequence[Model], as_of: int | None
) -> Compared:
    name = versions[0].model
    binary = [model for model in models if isinstance(model, BinaryModel)]
    if len(binary) < len(models):
        raise CompareError(
            f"{name!r} gives neither a probability nor lists of items; a yes-or-no model or a recommendation is "
            "expected; name one, such as churn"
        )
    latest = workspace.training.latest(name, as_of=as_of)
    scores = []
    for model in binary:
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
    one, other = versions
    return Compared(name, one.version, other.version, len(latest.y), latest.note, is_fair, comparison)
