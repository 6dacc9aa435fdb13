"""A registered model as everybody above sees it, and the line that a decision leaves behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from registry.decision import Decision

Action: TypeAlias = Literal["promoted", "refused", "rolled back"]

ALIASES = ("champion", "challenger", "previous", "shadow")
"""The only pointers: what answers, what contends, what answered before, what answers unheard."""


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One registered version of a model.

    Attributes
    ----------
    model, version, run_id : str
        Name, number from "1" on, and the run that made it.
    sha256, kind, entity : str
        Identity of the artefact, and what it is.
    path : Path
        Folder of the artefact on this machine.
    grade, rung, protocol : str
    rows : int
        Training rows.
    as_of, created_at : int
        Moments (µs): up to which it learned, when it was registered.
    aliases : tuple of str
        Which of the four pointers are on it.
    summary : mapping
        The candidate's ``train --json`` part: metrics, naive rule, leaks, parameters.
    """

    model: str
    version: str
    run_id: str
    sha256: str
    kind: str
    entity: str
    path: Path
    grade: str
    rung: str
    protocol: str
    rows: int
    as_of: int
    created_at: int
    aliases: tuple[str, ...]
    summary: Mapping[str, Any]

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters of its final fit, with which a search for better ones begins."""
        return dict(self.summary.get("params", {}))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a model's history of decisions.

    Attributes
    ----------
    at : int
        When (µs).
    action : {"promoted", "refused", "rolled back"}
    model, version : str
    replaced : str or None
        The version that answered before.
    actor, reason : str
        Who did it, and what they said.
    decision : Decision or None
        The gate's verdict; None where a person decided without it.
    """

    at: int
    action: Action
    model: str
    version: str
    replaced: str | None
    actor: str
    reason: str
    decision: Decision | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as it is stored."""
        return vars(self) | {"decision": self.decision.to_json() if self.decision else None}

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The entry that `to_json` wrote, from its text."""
        value = json.loads(text)
        return cls(**value | {"decision": Decision.from_json(value["decision"]) if value["decision"] else None})
