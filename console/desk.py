"""The parts that the desk shows, opened once for the process."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import crm
import features
import registry
import reports
import segments
from configs import Settings
from features import FeatureError
from reports import Report
from scoring import ArtefactError, BinaryModel, Model
from scoring.reasons import Reason

REASONS = 5


class Desk:
    """Open parts for reading. Made by `console.open`.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.records = crm.open(settings)
        self.store = features.open(settings, self.records)
        self.registry = registry.open(settings)
        self.segments = segments.open(settings, self.records, self.store)
        self.reports = reports.open(settings, self.records)
        self._report: tuple[int, Report] | None = None
        self._models: dict[tuple[str, str], Model] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close every part."""
        self.store.close()
        self.records.close()

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """The answer to one SELECT as plain rows."""
        found: list[dict[str, Any]] = self.records.query(sql, values).to_pylist()
        return found

    def overview(self) -> Report:
        """The overview; made again only when records have arrived."""
        with self._lock:
            watermark = self.records.watermark()
            if self._report is None or self._report[0] != watermark:
                self._report = watermark, self.reports.build("overview")
            return self._report[1]

    def reasons(self, model: str, version: str, number: str, as_of: int) -> list[Reason]:
        """Why a customer got a score: the same version, the same moment; empty when that cannot be told any more."""
        try:
            loaded = self._model(model, version)
            if not isinstance(loaded, BinaryModel):
                return []
            answer = self.store.online_features(loaded.refs, [number], as_of)
        except (ArtefactError, FeatureError, registry.RegistryError):
            return []
        return loaded.explain(answer.values, REASONS)[0] if answer.ids[0] >= 0 else []

    def watches(self) -> list[Mapping[str, Any]]:
        """The latest watch of every model."""
        latest: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for path in (self.settings.reports_dir / "watch").glob("*.json"):
            found = json.loads(path.read_text(encoding="utf-8"))
            model, moment = str(found["model"]), str(found["window"]["as_of"])
            if model not in latest or latest[model][0] < moment:
                latest[model] = moment, found
        return [found for _, (_, found) in sorted(latest.items())]

    def _model(self, name: str, version: str) -> Model:
        if (name, version) not in self._models:
            self._models[name, version] = self.registry.open_model(self.registry.version(name, version))
        return self._models[name, version]


def open(settings: Settings) -> Desk:  # noqa: A001 - every package is opened the same way
    """The desk of a workspace."""
    return Desk(settings)
