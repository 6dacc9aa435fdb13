"""What is registered: models, their versions, the pointers and the decisions, read without loading MLflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from configs import Settings
from registry.errors import RegistryError
from registry.readers import FileReader, Reader, Row, ServerReader
from registry.runs import card, fetch, local_path, pictures, table
from registry.tracking import Tracking
from registry.version import ALIASES, Entry, ModelVersion
from scoring import load
from scoring.model import Model

TAG = "rapport."
ENTRY = f"{TAG}entry."


class Catalogue:
    """The reading half of the registry.

    Parameters
    ----------
    settings : Settings
        ``tracking_url`` (MLflow's SQLite file, server or database) and ``artefacts_dir``.
    """

    def __init__(self, settings: Settings) -> None:
        self._artefacts = settings.artefacts_dir
        self._tracking = Tracking(settings.tracking_url, settings.artefacts_dir / "registry.lock")
        file = self._tracking.file
        self._reader: Reader = ServerReader(self._tracking) if file is None else FileReader(file)

    def models(self) -> list[str]:
        """Names of all models that have a version, sorted."""
        return self._reader.models()

    def versions(self, model: str) -> list[ModelVersion]:
        """Versions of a model, oldest first; none when it was never trained."""
        pointers = self._pointers(model)
        return [self._version(row, pointers) for row in self._reader.rows(model)]

    def version(self, model: str, version: str) -> ModelVersion:
        """One version by its number.

        Raises
        ------
        RegistryError
            If the model or the version does not exist.
        """
        found = {item.version: item for item in self.versions(model)}
        if not found:
            raise RegistryError.untrained(model, self.models())
        if str(version) not in found:
            raise RegistryError.unknown_version(model, str(version), list(found))
        return found[str(version)]

    def alias(self, model: str, alias: str) -> ModelVersion | None:
        """The version that a pointer stands on, or None.

        Raises
        ------
        RegistryError
            If `alias` is none of champion, challenger, previous, shadow.
        """
        if alias not in ALIASES:
            raise RegistryError.unknown_alias(alias, ALIASES)
        return next((item for item in self.versions(model) if alias in item.aliases), None)

    def champion(self, model: str) -> ModelVersion:
        """The version that answers.

        Raises
        ------
        RegistryError
            If the model was never trained, or no version was promoted; the message says why.
        """
        found = self.alias(model, "champion")
        if found is not None:
            return found
        versions = self.versions(model)
        if not versions:
            raise RegistryError.untrained(model, self.models())
        reasons = [entry.reason for entry in self.decisions(model)]
        reason = reasons[-1] if reasons else "not promoted yet"
        raise RegistryError.without_champion(model, versions[-1].version, reason)

    def load(self, model: str, alias: str = "champion") -> tuple[ModelVersion, Model]:
        """A version and its model, verified byte for byte.

        Raises
        ------
        RegistryError
            If nothing is there to load.
        ArtefactError
            If its files were altered.
        """
        version = self.champion(model) if alias == "champion" else self.alias(model, alias)
        if version is None:
            raise RegistryError.unset_alias(model, alias)
        return version, self.open_model(version)

    def open_model(self, version: ModelVersion) -> Model:
        """The model of a version, verified byte for byte; fetched first where a server keeps it.

        Raises
        ------
        RegistryError
            If its files are gone.
        ArtefactError
            If they were altered.
        """
        if not version.path.is_dir():
            self._fetch(version)
        return load(version.path, sha256=version.sha256)

    def pictures(self, version: ModelVersion) -> dict[str, Path]:
        """The pictures of a version by file name, SVG and PNG; none where a server keeps its run's files."""
        return pictures(version.path)

    def card(self, version: ModelVersion) -> Path | None:
        """The card of a version as one HTML file with its pictures; None where a server keeps its run's files."""
        return card(version.path)

    def table(self, version: ModelVersion, name: str) -> Any:
        """A table of a version's training (``influence``, ``ladder``, …) as plain values; None if it is not kept."""
        return table(version.path, name)

    def token(self) -> str:
        """Changes whenever a pointer moves; a third of a millisecond with the embedded store, made for polling."""
        return ";".join(f"{model}@{alias}={version}" for (model, alias), version in self._reader.aliases().items())

    def decisions(self, model: str) -> list[Entry]:
        """Everything that was decided about a model, oldest first."""
        entries = [
            Entry.from_json(value)
            for row in self._reader.rows(model)
            for key, value in row.tags.items()
            if key.startswith(ENTRY)
        ]
        return sorted(entries, key=lambda entry: entry.at)

    def _fetch(self, version: ModelVersion) -> None:
        source = next(row.source for row in self._reader.rows(version.model) if str(row.version) == version.version)
        if local_path(source) is not None:
            raise RegistryError.unplaced(version.model, version.version, version.path)
        with self._tracking.client() as client:
            fetch(client, version.run_id, version.path)

    def _pointers(self, model: str) -> dict[str, str]:
        return {alias: version for (name, alias), version in self._reader.aliases().items() if name == model}

    def _version(self, row: Row, pointers: dict[str, str]) -> ModelVersion:
        tags = {key.removeprefix(TAG): value for key, value in row.tags.items() if key.startswith(TAG)}
        version = str(row.version)
        return ModelVersion(
            model=row.model,
            version=version,
            run_id=row.run_id,
            sha256=tags.get("sha256", ""),
            kind=tags.get("kind", ""),
            entity=tags.get("entity", ""),
            path=self._path(row, tags),
            grade=tags.get("grade", ""),
            rung=tags.get("rung", ""),
            protocol=tags.get("protocol", ""),
            rows=int(tags.get("rows", 0)),
            as_of=int(tags.get("as_of", 0)),
            created_at=row.created_at,
            aliases=tuple(alias for alias in ALIASES if pointers.get(alias) == version),
            summary=json.loads(tags.get("summary", "{}")),
        )

    def _path(self, row: Row, tags: dict[str, str]) -> Path:
        """Where the artefact lies: below the artefacts' folder, wherever that was moved to."""
        if "folder" in tags:
            return self._artefacts / tags["folder"]
        return local_path(row.source) or self._artefacts / "fetched" / row.model / str(row.version)
