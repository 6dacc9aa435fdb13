"""Reading the registry: straight from MLflow's SQLite file, or through its client.

Importing MLflow takes seconds and connecting to its file as long again; reading three of its tables takes a
millisecond. Scoring, serving and the console only read, so with the embedded store they never load MLflow. Writing
always goes through its client.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from registry.errors import RegistryError
from registry.tracking import Tracking

_MILLISECOND = 1_000


@dataclass(frozen=True)
class Row:
    """A model version as MLflow stores it; `created_at` in µs, `source` where its artefact was put."""

    model: str
    version: int
    run_id: str
    source: str
    created_at: int
    tags: Mapping[str, str]


class Reader(Protocol):
    """What the registry asks of a store; every answer is what was committed last."""

    def models(self) -> list[str]:
        """Names of the registered models, sorted."""
        ...

    def rows(self, model: str) -> list[Row]:
        """Versions of one model, oldest first; none when it is unknown."""
        ...

    def aliases(self) -> dict[tuple[str, str], str]:
        """Version by model and alias."""
        ...


class FileReader:
    """Reads MLflow's SQLite file; a file that is not there yet is an empty registry."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def models(self) -> list[str]:
        """Names of the registered models, sorted."""
        return [name for (name,) in self._select("SELECT name FROM registered_models ORDER BY name")]

    def rows(self, model: str) -> list[Row]:
        """Versions of one model, oldest first."""
        tags: dict[int, dict[str, str]] = {}
        with self._open() as connection:
            for version, key, value in _read(
                connection, "SELECT version, key, value FROM model_version_tags WHERE name = ?", model
            ):
                tags.setdefault(version, {})[key] = value
            versions = _read(
                connection,
                "SELECT version, run_id, source, creation_time FROM model_versions "
                "WHERE name = ? AND current_stage <> 'Deleted_Internal' ORDER BY version",
                model,
            )
        return [
            Row(model, version, run_id or "", source or "", created * _MILLISECOND, tags.get(version, {}))
            for version, run_id, source, created in versions
        ]

    def aliases(self) -> dict[tuple[str, str], str]:
        """Version by model and alias."""
        found = self._select("SELECT name, alias, version FROM registered_model_aliases ORDER BY name, alias")
        return {(name, alias): str(version) for name, alias, version in found}

    def _select(self, query: str) -> list[tuple[Any, ...]]:
        with self._open() as connection:
            return _read(connection, query)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        if not self._path.exists():
            yield None
            return
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            yield connection


def _read(connection: sqlite3.Connection | None, query: str, *values: str) -> list[tuple[Any, ...]]:
    if connection is None:
        return []
    try:
        return connection.execute(query, values).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # made, not migrated yet
            return []
        raise
    except sqlite3.DatabaseError as error:
        raise RegistryError.damaged(error) from error


class ServerReader:
    """Reads through MLflow's client: a tracking server, or a database of its own."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking

    def models(self) -> list[str]:
        """Names of the registered models, sorted."""
        return sorted(item.name for item in self._registered())

    def rows(self, model: str) -> list[Row]:
        """Versions of one model, oldest first."""
        with self._tracking.client() as client:
            name = model.replace("'", "")
            found = client.search_model_versions(f"name='{name}'", max_results=10_000)
        rows = [
            Row(
                model,
                int(item.version),
                item.run_id or "",
                item.source or "",
                item.creation_timestamp * _MILLISECOND,
                dict(item.tags),
            )
            for item in found
        ]
        return sorted(rows, key=lambda row: row.version)

    def aliases(self) -> dict[tuple[str, str], str]:
        """Version by model and alias."""
        pairs = {
            (item.name, alias): str(version) for item in self._registered() for alias, version in item.aliases.items()
        }
        return dict(sorted(pairs.items()))

    def _registered(self) -> Sequence[Any]:
        with self._tracking.client() as client:
            return list(client.search_registered_models(max_results=1_000))
