"""Train one model: features, fit, keep what it learned from, register, and decide whether it answers from now on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.workspace import Workspace
from registry import Decision, ModelVersion
from scoring.candidate import Candidate, Evidence


@dataclass(frozen=True)
class Trained:
    """One training: the candidate, its version in the registry, and the decision about it."""

    candidate: Candidate
    version: ModelVersion
    decision: Decision
    is_unchanged: bool = False  # the version that answers, byte for byte

    def to_json(self) -> dict[str, Any]:
        """What ``train --json`` prints."""
        return self.candidate.to_json() | {
            "run_id": self.version.run_id,
            "version": self.version.version,
            "grade_reasons": list(self.candidate.grade_reasons),
            "tables": dict(self.candidate.tables),
            "training_set": self.candidate.hashes.get("training_set"),
            "promoted": self.decision.promote,
            "unchanged": self.is_unchanged,
            "decision": list(self.decision.reasons),
        }


def train(
    workspace: Workspace,
    name: str,
    *,
    as_of: int | None = None,
    horizon_days: int | None = None,
    random_split: bool = False,
    seed: int = 7,
) -> Trained:
    """Train `name`, register the candidate, compare it with the champion, promote it if it is better.

    Parameters
    ----------
    as_of : int, optional
        Moment (µs) as of which the records are used; default: the earliest ``complete_until`` in use.
    horizon_days : int, optional
        How far ahead an outcome counts; default: the model's own.
    random_split : bool
        Split outcomes that a source states without times at random; the answer says so.

    Raises
    ------
    RapportError
        If the model is unknown or cannot be trained from what the records hold.
    """
    workspace.features.refresh(progress=workspace.progress)
    champion = workspace.registry.alias(name, "champion")
    candidate = workspace.training.train(
        name,
        as_of=as_of,
        horizon_days=horizon_days,
        random_split=random_split,
        seed=seed,
        progress=lambda words: workspace.progress(words, 0, 0),
        champion_params=None if champion is None else champion.params,
        champion=None if champion is None else workspace.registry.open_model(champion),
    )
    workspace.progress(f"deciding about {name}", 0, 0)
    against = rival(workspace, champion, candidate)
    decision = workspace.registry.gate(candidate, against)
    if candidate.training_set is not None:
        workspace.features.training_sets.save(candidate.training_set, name)
    version = workspace.registry.settle(
        workspace.registry.register(candidate), decision, actor=workspace.settings.actor
    )
    workspace.records.audit(
        "train", name, {"version": version.version, "promoted": decision.promote, "reasons": list(decision.reasons)}
    )
    is_unchanged = champion is not None and champion.sha256 == candidate.model.sha256
    return Trained(candidate, version, decision, is_unchanged)


def rival(workspace: Workspace, champion: ModelVersion | None, candidate: Candidate) -> Evidence | None:
    """The champion's answers on the candidate's own test rows, so that the two are compared in pairs."""
    if champion is None or candidate.evidence is None or champion.sha256 == candidate.model.sha256:
        return None
    params = champion.summary.get("params")
    return workspace.training.evidence(workspace.registry.open_model(champion), candidate, params)
