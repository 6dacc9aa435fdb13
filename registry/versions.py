"""The registry: versions of models, four pointers to them, and why each pointer stands where it stands."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from types import MappingProxyType

from crm.clock import now
from registry.catalogue import ENTRY, TAG, Catalogue
from registry.decision import Decision
from registry.errors import RegistryError
from registry.gate import Contender, Rules, decide
from registry.runs import local_path, log
from registry.version import Action, Entry, ModelVersion
from scoring.artefact import read
from scoring.candidate import Candidate, Evidence

RULES: Mapping[str, Rules] = MappingProxyType({"binary": Rules()})
"""Rules by kind of model; any other kind's evidence carries each row's merit as its score."""


class Registry(Catalogue):
    """Which version of each model answers, and why.

    Reads come straight from the store's file where it is one, in a millisecond; writes go through MLflow's client,
    which is loaded then.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from configs import Settings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Registry(Settings(home=Path(folder))).models()
    []
    """

    def prepare(self) -> None:
        """Load MLflow and make its store, for a process that will register."""
        with self._tracking.client():
            pass

    def register(self, candidate: Candidate) -> ModelVersion:
        """Log a candidate's run and make it the newest version, the challenger.

        Content that is already registered is not registered again: its version is given back.

        Raises
        ------
        RegistryError
            If the proof of parity is missing, the folder holds something else, or the store cannot be written.
        ArtefactError
            If the artefact is incomplete or altered.
        """
        _check_parity(candidate)
        artefact = read(candidate.directory)
        if artefact.sha256 != candidate.model.sha256:
            raise RegistryError.mixed_up(candidate.name, candidate.model.sha256, artefact.sha256)
        known = next((item for item in self.versions(candidate.name) if item.sha256 == artefact.sha256), None)
        version = known.version if known else self._create(candidate)
        if known is None or "champion" not in known.aliases:
            self._point(candidate.name, {"challenger": version})
        return self.version(candidate.name, version)

    def gate(
        self, candidate: Candidate, champion_evidence: Evidence | None = None, rules: Rules | None = None
    ) -> Decision:
        """Decide whether a candidate should become champion; nothing is changed.

        Parameters
        ----------
        candidate : Candidate
        champion_evidence : Evidence, optional
            The candidate's evidence with the champion's scores of the same rows; needed when there is a champion
            with other content.
        rules : Rules, optional
            Default: those of the candidate's kind.
        """
        challenger = Contender(
            sha256=candidate.model.sha256, grade=candidate.grade, rows=candidate.rows, evidence=candidate.evidence
        )
        found = self.alias(candidate.name, "champion")
        champion = (
            None
            if found is None
            else Contender(sha256=found.sha256, grade=found.grade, rows=found.rows, evidence=champion_evidence)
        )
        return decide(challenger, champion, rules or RULES.get(candidate.kind, Rules(measure="mean")))

    def settle(self, version: ModelVersion, decision: Decision, *, actor: str) -> ModelVersion:
        """Do what the gate decided and store it: promote, or keep the champion; either way with its reasons."""
        if decision.promote:
            return self.promote(version.model, version.version, decision, actor=actor, reason=decision.reasons[0])
        with self._tracking.locked():
            champion = self._pointers(version.model).get("champion")
            self._write_entry("refused", version.model, version.version, champion, actor, decision.reasons[0], decision)
        return self.version(version.model, version.version)

    def promote(
        self, model: str, version: str, decision: Decision | None = None, *, actor: str, reason: str = ""
    ) -> ModelVersion:
        """Make a version the champion; the champion before it becomes `previous`.

        Parameters
        ----------
        model, version : str
        decision : Decision, optional
            The gate's verdict; None when a person decides without it.
        actor, reason : str
            Who does it and why; stored.

        Raises
        ------
        RegistryError
            If the model or version does not exist, or has grade D.
        """
        wanted = self.version(model, version)
        if wanted.grade == "D":
            raise RegistryError.hopeless(model, version)
        with self._tracking.locked():
            before = self._pointers(model)
            champion = before.get("champion")
            if champion == wanted.version:
                return self.version(model, version)
            self._write_entry("promoted", model, version, champion, actor, reason, decision)
            moves: dict[str, str | None] = {"previous": champion} if champion else {}
            moves["champion"] = wanted.version
            if before.get("challenger") == wanted.version:
                moves["challenger"] = None
            self._point(model, moves)
        return self.version(model, version)

    def rollback(self, model: str, *, actor: str, reason: str = "") -> ModelVersion:
        """Move the champion's pointer back to the previous champion.

        Raises
        ------
        RegistryError
            If the model was never trained or has no earlier champion.
        """
        with self._tracking.locked():
            pointers = self._pointers(model)
            champion, previous = pointers.get("champion"), pointers.get("previous")
            if previous is None or previous == champion:
                if not self._reader.rows(model):
                    raise RegistryError.untrained(model, self.models())
                raise RegistryError.nothing_to_roll_back(model, champion)
            self._write_entry("rolled back", model, previous, champion, actor, reason, None)
            self._point(model, {"champion": previous})
        return self.version(model, previous)

    def _create(self, candidate: Candidate) -> str:
        with self._tracking.locked(), self._tracking.client() as client:
            run_id, source = log(client, candidate, None if self._tracking.is_server else self._artefacts)
            if not self._reader.rows(candidate.name) and candidate.name not in self._reader.models():
                client.create_registered_model(candidate.name)
            created = client.create_model_version(
                candidate.name, source=source, run_id=run_id, tags=self._tags(candidate, source), await_creation_for=0
            )
        return str(created.version)

    def _tags(self, candidate: Candidate, source: str) -> dict[str, str]:
        path = local_path(source)
        folder = path.relative_to(self._artefacts) if path and path.is_relative_to(self._artefacts) else None
        tags = {
            "sha256": candidate.model.sha256,
            "kind": candidate.kind,
            "entity": candidate.model.entity,
            "grade": candidate.grade,
            "rung": candidate.rung,
            "protocol": candidate.protocol,
            "rows": candidate.rows,
            "as_of": candidate.as_of,
            "summary": json.dumps(candidate.to_json()),
        } | ({"folder": folder.as_posix()} if folder else {})
        return {f"{TAG}{name}": str(value) for name, value in tags.items()}

    def _write_entry(
        self,
        action: Action,
        model: str,
        version: str,
        replaced: str | None,
        actor: str,
        reason: str,
        decision: Decision | None,
    ) -> None:
        at = now()
        entry = Entry(
            at=at,
            action=action,
            model=model,
            version=version,
            replaced=replaced,
            actor=actor,
            reason=reason,
            decision=decision,
        )
        with self._tracking.client() as client:
            key = f"{ENTRY}{at:020d}.{uuid.uuid4().hex[:8]}"
            client.set_model_version_tag(model, version, key, json.dumps(entry.to_json()))

    def _point(self, model: str, moves: Mapping[str, str | None]) -> None:
        """Set pointers in the order given; None takes one away."""
        with self._tracking.client() as client:
            for alias, version in moves.items():
                if version is None:
                    client.delete_registered_model_alias(model, alias)
                else:
                    client.set_registered_model_alias(model, alias, version)


def _check_parity(candidate: Candidate) -> None:
    parity = candidate.parity
    if parity is None and candidate.kind == "binary":
        raise RegistryError.unproven(candidate.name, "none was made")
    if parity is not None and not parity.is_proven:
        raise RegistryError.unproven(
            candidate.name, f"{parity.rows} rows compared, largest difference {parity.largest_difference:g}"
        )
