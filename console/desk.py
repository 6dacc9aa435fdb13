"""The parts that the desk shows, opened once for the process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import crm
import features
import registry
import reports
import segments
from configs import Settings
from console.roster import Roster
from features import FeatureError
from registry import ModelVersion
from reports import Report
from scoring import ArtefactError, BinaryModel, Model
from scoring.reasons import Reason, topics
from scoring.segmentation import SegmentationModel
from segments import Overlap, Profile

REASONS = 5
SEGMENTATION = "segmentation"
Made = TypeVar("Made")


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
        self._roster: Roster | None = None
        self._kept: dict[str, tuple[int, Any]] = {}
        self._models: dict[tuple[str, str], Model] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close every part."""
        if self._roster is not None:
            self._roster.close()
        self.store.close()
        self.records.close()

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """The answer to one SELECT as plain rows."""
        found: list[dict[str, Any]] = self.records.query(sql, values).to_pylist()
        return found

    def overview(self) -> Report:
        """The overview; made again only when records have arrived."""
        return self._made("overview", lambda: self.reports.build("overview"))

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

    def roster(self) -> Roster:
        """Every customer with risk and value; made again only when records have arrived."""
        with self._lock:
            if self._roster is None or self._roster.watermark != self.records.watermark():
                self._roster = Roster(self.records)
            return self._roster

    def allowed(self) -> dict[str, int]:
        """How many of each segment may be contacted; counted again only when records have arrived."""
        return self._made("allowed", self.segments.allowed)

    def profile(self, segment: str) -> Profile:
        """In what the members of a segment differ from others; worked out again only when records have arrived.

        Raises
        ------
        SegmentError
            If the segment is not built, or too small to speak of without telling of persons.
        """
        return self._made(f"profile {segment}", lambda: self.segments.profile(segment))

    def overlap(self) -> Sequence[Overlap]:
        """Pairs of segments; counted again only when records have arrived."""
        return self._made("overlap", self.segments.overlap)

    def _made(self, what: str, make: Callable[[], Made]) -> Made:
        """What is shown, kept until records arrive."""
        with self._lock:
            watermark = self.records.watermark()
            kept = self._kept.get(what)
            if kept is None or kept[0] != watermark:
                kept = self._kept[what] = watermark, make()
            made: Made = kept[1]
            return made

    def portrait(self, segment: str) -> str:
        """What sets the customers of a segment of the segmentation apart; empty for any other."""
        version = self.registry.alias(SEGMENTATION, "champion")
        with suppress(ArtefactError, registry.RegistryError):
            model = None if version is None else self._model(version.model, version.version)
            if isinstance(model, SegmentationModel):
                return next((item.words for item in model.segments if item.name == segment), "")
        return ""

    def title(self, model: str) -> str:
        """What a model is called on its card, of the version that answers or the newest; else its name in words."""
        versions = self.registry.versions(model)
        shown = next((item for item in versions if "champion" in item.aliases), versions[-1] if versions else None)
        card = ""
        with suppress(ArtefactError, registry.RegistryError):
            card = self._model(model, shown.version).card if shown else ""
        first = card.partition("\n")[0]
        return first.removeprefix("# ").strip() if first.startswith("# ") else model.replace("_", " ").capitalize()

    def topics(self, version: ModelVersion) -> dict[str, str]:
        """What a model looks at, in words, by topic: the words that the titles of its features have in common."""
        try:
            artefact = self._model(version.model, version.version).artefact
        except (ArtefactError, registry.RegistryError):
            return {}
        inputs = artefact.json("features.json")["inputs"] if "features.json" in artefact.files else ()
        return topics((str(item["topic"]), str(item["title"])) for item in inputs)

    def watches(self) -> list[Mapping[str, Any]]:
        """The latest watch of every model."""
        latest: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for path in (self.settings.reports_dir / "watch").glob("*.json"):
            found = json.loads(path.read_text(encoding="utf-8"))
            model, moment = str(found["model"]), str(found["window"]["as_of"])
            if model not in latest or latest[model][0] < moment:
                page = path.with_suffix(".html")
                latest[model] = moment, {**found, "drawn": page.name if page.is_file() else None}
        return [found for _, (_, found) in sorted(latest.items())]

    def watch_page(self, name: str) -> bytes | None:
        """Evidently's page of a watch; None if there is no file of that name."""
        found = {path.name: path for path in (self.settings.reports_dir / "watch").glob("*.html")}
        return found[name].read_bytes() if name in found else None

    def _model(self, name: str, version: str) -> Model:
        if (name, version) not in self._models:
            self._models[name, version] = self.registry.open_model(self.registry.version(name, version))
        return self._models[name, version]


def open(settings: Settings) -> Desk:  # noqa: A001 - every package is opened the same way
    """The desk of a workspace."""
    return Desk(settings)
