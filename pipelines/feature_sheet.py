"""Features beside the models that use them: what one rests on, how its values are spread, what has changed since."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs import RapportError
from features import AsOf, Feature, FeatureView
from features.catalogue import flat
from features.lineage import Change, Origin, differences, formula, origins
from pipelines.workspace import Workspace
from registry import ModelVersion
from scoring.profile import describe

SAMPLE = 5_000
"""Entities whose values are described."""

SHOWN = ("null_share", "zero_share", "mean", "std", "min", "max", "values")


@dataclass(frozen=True)
class Use:
    """A registered version that needs a feature: the one that answers, else the newest of its model."""

    model: str
    version: str
    alias: str

    def words(self) -> str:
        """For example ``churn 3 (champion)``."""
        return f"{self.model} {self.version}" + (f" ({self.alias})" if self.alias else "")


@dataclass(frozen=True)
class Listed:
    """One line of the list: a feature, its view's version, and who uses it."""

    feature: Feature
    entity: str
    version: str
    used_by: tuple[Use, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        told = vars(self.feature) | {"view": self.feature.family, "entity": self.entity, "version": self.version}
        return told | {"used_by": [vars(item) for item in self.used_by]}


@dataclass(frozen=True)
class Shown:
    """One feature: what it is, what it rests on, how its values are spread."""

    listed: Listed
    origins: Sequence[Origin]
    formula: str
    statistics: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        made = {"formula": self.formula, "origins": [item.to_json() for item in self.origins]}
        return self.listed.to_json() | made | {"statistics": dict(self.statistics)}


@dataclass(frozen=True)
class Sheet:
    """Some features of one view, described.

    Attributes
    ----------
    view : FeatureView
    about : str
        The first line of its file.
    as_of : AsOf
        The moment of the statistics.
    rows : int
        Entities that they describe.
    features : sequence of Shown
    """

    view: FeatureView
    about: str
    as_of: AsOf
    rows: int
    features: Sequence[Shown]

    def to_json(self) -> dict[str, Any]:
        """What ``features show --json`` prints."""
        return {
            "view": self.view.name,
            "about": self.about,
            "entity": self.view.entity.name,
            "version": self.view.version,
            "as_of": str(self.as_of),
            "rows": self.rows,
            "features": [item.to_json() for item in self.features],
        }


@dataclass(frozen=True)
class Compared:
    """What views say today beside what they said when a model was trained."""

    model: str
    version: str
    refs: frozenset[str]
    changes: Sequence[Change]

    def to_json(self) -> dict[str, Any]:
        """What ``features diff --json`` prints."""
        told = [item.to_json() | {"used": self.uses(item)} for item in self.changes]
        return {"model": self.model, "version": self.version, "changes": told}

    def uses(self, change: Change) -> bool:
        """Whether the model needs what changed."""
        name = change.ref.partition(",")[0]
        return name in self.refs or any(ref.startswith(f"{name}:") for ref in self.refs)


def listed(workspace: Workspace, refs: Sequence[str]) -> list[Listed]:
    """Features with their users; ``view:*`` names a whole view."""
    store, users = workspace.features, _users(workspace)
    return [
        Listed(item, view.entity.name, view.version, tuple(users.get(item.ref, ())))
        for item in store.features(refs)
        for view in [store.catalogue.view(item.ref)]
    ]


def show(workspace: Workspace, name: str) -> Sheet:
    """A view, or one feature ``view:feature``, with lineage and statistics as of the end of its sources.

    Raises
    ------
    FeatureError
        If it is unknown; the sentence lists the known ones.
    """
    store = workspace.features
    refs = store.catalogue.expand([name if ":" in name else f"{name}:*"])
    view = store.catalogue.view(name)
    moment = store.default_as_of(refs)
    rows, frame = _values(workspace, view, refs, moment)
    features = [
        Shown(
            item,
            origins(store.catalogue, item.feature.ref),
            formula(store.catalogue, item.feature.ref),
            _statistics(frame.get(item.feature.ref), item.feature.dtype),
        )
        for item in listed(workspace, refs)
    ]
    return Sheet(view, _about(view.name), moment, rows, features)


def compare(workspace: Workspace, model: str, version: str | None = None) -> Compared:
    """What changed in the declarations of a model's features since it was trained.

    Parameters
    ----------
    model : str
    version : str, optional
        Default: the one that answers, else the newest.

    Raises
    ------
    RapportError
        If the model or version is unknown, or its artefact does not tell what its views said.
    """
    workspace.check_model(model)
    chosen = _telling(workspace, model) if version is None else workspace.registry.version(model, version)
    opened = workspace.registry.open_model(chosen)
    refs = frozenset(opened.refs)
    if "declarations.json" not in opened.artefact.files:
        raise RapportError(
            f"version {chosen.version} of {model!r} does not tell what its views said; an artefact that does is "
            f"expected; run rapport train {model}"
        )
    before = opened.artefact.json("declarations.json")
    known = [f"{name}:*" for name in before if name in workspace.features.views]
    return Compared(model, chosen.version, refs, differences(before, workspace.features.declarations(known)))


def _telling(workspace: Workspace, model: str) -> ModelVersion:
    champion = workspace.registry.alias(model, "champion")
    return champion if champion is not None else (workspace.registry.versions(model) or [_none(workspace, model)])[-1]


def _none(workspace: Workspace, model: str) -> ModelVersion:
    return workspace.registry.champion(model)  # says why there is none


def _users(workspace: Workspace) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for name in workspace.registry.models():
        version = _telling(workspace, name)
        alias = "champion" if "champion" in version.aliases else ""
        for ref in workspace.registry.open_model(version).refs:
            found.setdefault(ref, []).append(Use(name, version.version, alias))
    return found


def _values(
    workspace: Workspace, view: FeatureView, refs: Sequence[str], moment: AsOf
) -> tuple[int, dict[str, np.ndarray]]:
    """Values of a sample of entities; none for pairs, of which there is no list, and for what comes with a question."""
    asked = [ref for ref in refs if not workspace.features.inputs([ref])]
    if view.entity.parts or not asked:
        return 0, {}
    workspace.features.refresh(progress=workspace.progress)
    spine = workspace.features.entities_at(view.entity, moment)
    if len(spine) > SAMPLE:
        spine = spine.sample(SAMPLE, random_state=7).reset_index(drop=True)
    frame = workspace.features.historical_features(asked, spine)
    return len(spine), {ref: frame[flat(ref)].to_numpy() for ref in asked}


def _statistics(values: np.ndarray | None, dtype: str) -> dict[str, Any]:
    if values is None or not len(values):
        return {}
    told = describe(values, dtype)
    return {name: told[name] for name in SHOWN if name in told}


def _about(view: str) -> str:
    module = sys.modules.get(f"features.views.{view}")
    return (inspect.getdoc(module) or "").partition("\n")[0] if module is not None else ""
