"""One watch: drift, freshness and performance gathered into a report, with a page beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from configs import Settings
from crm.clock import iso
from monitoring.alerts import SEVERITIES, Alert
from monitoring.columns import Column
from monitoring.drift import FALSE_ALARM, compare
from monitoring.errors import MonitoringError
from monitoring.files import place
from monitoring.freshness import Age
from monitoring.page import render
from monitoring.performance import Matured, alert, assess
from monitoring.words import SCORE, alerts_of
from scoring.model import Frame, Model


@dataclass(frozen=True, kw_only=True)
class WatchReport:
    """What a watch found.

    Attributes
    ----------
    model, version : str
    window : mapping
        ``{"as_of", "since", "rows", "reference_as_of", "reference_rows"}``, moments in ISO 8601.
    columns : mapping of str to Column
        Inputs by reference.
    score : Column or None
        None where no scores were given or the profile describes none.
    alerts : tuple of Alert
        Most severe first.
    freshness : tuple of mapping
    performance : mapping or None
    page : Path or None
        Evidently's page.
    """

    model: str
    version: str
    window: Mapping[str, Any]
    columns: Mapping[str, Column]
    score: Column | None
    alerts: tuple[Alert, ...]
    freshness: tuple[Mapping[str, Any], ...] = ()
    performance: Mapping[str, Any] | None = None
    page: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """``{"model", "version", "window", "columns", "score", "alerts", "freshness", "performance", …}``."""
        return {
            "model": self.model, "version": self.version, "window": dict(self.window),
            "columns": {name: column.to_json() for name, column in self.columns.items()},
            "score": None if self.score is None else self.score.to_json(),
            "alerts": [item.to_json() for item in self.alerts],
            "freshness": [dict(item) for item in self.freshness],
            "performance": None if self.performance is None else dict(self.performance),
            "false_alarm": FALSE_ALARM, "page": None if self.page is None else str(self.page),
        }

    def lines(self) -> list[str]:
        """Lines to print: what was looked at, what could not be judged, every alert."""
        window = self.window
        short = [name for name, column in self._judged().items() if column.status == "insufficient"]
        drifted = sum(column.status == "drifted" for column in self.columns.values())
        lines = [
            f"{self.model} version {self.version}: {window['rows']:,} rows as of {window['as_of']} beside "
            f"{window['reference_rows']:,} rows as of {window['reference_as_of']}",
            f"{drifted} of {len(self.columns)} inputs moved, scores "
            + ("were not watched" if self.score is None else {"drifted": "moved", "stable": "did not move",
               "insufficient": "are too few to judge"}[self.score.status]),
        ]
        if short:
            more = f" and {len(short) - 5} more" if len(short) > 5 else ""
            lines.append(f"insufficient data to judge {', '.join(short[:5])}{more}")
        lines += [item.line() for item in self.alerts]
        if not self.alerts:
            lines.append(f"no alerts; if nothing moved, at most {FALSE_ALARM:.0%} of watches raise one by chance")
        return lines

    def _judged(self) -> dict[str, Column]:
        return dict(self.columns) | ({} if self.score is None else {SCORE: self.score})


class Monitoring:
    """Watches models against their own reference.

    Parameters
    ----------
    settings : Settings
        ``reports_dir`` takes the reports and pages.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.reports_dir / "watch"

    def watch(
        self,
        model: Model,
        version: str,
        current: Frame,
        scores: npt.NDArray[Any] | Sequence[Any] | None = None,
        *,
        as_of: int,
        since: int | None = None,
        freshness: Sequence[Age] = (),
        matured: Matured | None = None,
        reference: Frame | None = None,
        with_page: bool = True,
        seed: int = 0,
    ) -> WatchReport:
        """Compare what a model sees now with what it learned on.

        Parameters
        ----------
        model : Model
            As the registry loads it; ``profile.json`` is its reference.
        version : str
        current : mapping of str to ndarray
            Current values of its features, for rows of its population: float64 with NaN, or object with str and None.
        scores : array, shape (rows,), optional
            What it answered for them: numbers, or names of segments or products (then of any length).
        as_of : int
            Moment (µs) of the current values.
        since : int, optional
            First moment (µs) of the window, when answers of a span are watched.
        freshness : sequence of Age, optional
        matured : Matured, optional
            Earlier scores whose outcomes are now known.
        reference : mapping of str to ndarray, optional
            Rows for the page's reference side; by default they are drawn from the profile, which holds nobody's row.
        with_page : bool
            Whether Evidently's page is written (importing it takes seconds).
        seed : int

        Returns
        -------
        WatchReport
            Also written to ``reports_dir/watch`` as JSON.

        Raises
        ------
        MonitoringError
            If the profile is empty, a column is missing, lengths differ, or the report cannot be written.
        """
        entries, values = _paired(model, current, scores)
        found = compare(entries, values, seed=seed)
        score = found.pop(SCORE, None)
        titles = _titles(model)
        alerts = [
            item for name, column in ([(SCORE, score)] if score else []) + list(found.items())
            for item in alerts_of(name, titles.get(name, name), column)
        ]
        performance = None if matured is None else assess(matured, model.manifest.get("metrics", {}), seed=seed)
        decay = None if performance is None else alert(performance)
        alerts += [item for item in (decay, *(age.alert(as_of) for age in freshness)) if item is not None]
        name = f"{model.name}-{version}-{iso(as_of)[:10]}"
        page = self._folder / f"{name}.html" if with_page else None
        report = WatchReport(
            model=model.name, version=version, window=_window(model, values, as_of, since), columns=found, score=score,
            alerts=tuple(sorted(alerts, key=lambda item: -SEVERITIES.index(item.severity))),
            freshness=tuple(age.to_json(as_of) for age in freshness), performance=performance, page=page,
        )
        if page is not None:
            shown = found if score is None else {SCORE: score} | found
            title = f"{model.name} version {version}, as of {iso(as_of)}"
            place(page, render(title, shown, entries, values, reference or {}, seed=seed))
        place(self._folder / f"{name}.json", json.dumps(report.to_json(), indent=1, allow_nan=False))
        return report


def _paired(
    model: Model, current: Frame, scores: npt.NDArray[Any] | Sequence[Any] | None
) -> tuple[dict[str, Mapping[str, Any]], dict[str, npt.NDArray[Any]]]:
    """Profile entries and current values of the same columns; scores go by the name ``score``."""
    entries = dict(model.profile.get("features", {}))
    missing = set(entries) - set(current)
    if missing:
        raise MonitoringError.absent(model.name, missing)
    values = {ref: np.asarray(current[ref]) for ref in entries}
    if scores is not None and model.profile.get("score"):
        entries[SCORE] = model.profile["score"]
        values[SCORE] = np.asarray(scores, dtype=np.float64 if entries[SCORE]["dtype"] == "float" else object)
    if not entries:
        raise MonitoringError.without_reference(model.name)
    lengths = {len(column) for ref, column in values.items() if model.kind != "recommendation" or ref != SCORE}
    if len(lengths) > 1:
        raise MonitoringError.uneven(model.name, lengths)
    return entries, values


def _titles(model: Model) -> dict[str, str]:
    """What each input is called in words, where the artefact says so."""
    if "features.json" not in model.artefact.files:
        return {}
    inputs = model.artefact.json("features.json").get("inputs", [])
    return {str(item["ref"]): str(item["title"]) for item in inputs if item.get("title")}


def _window(model: Model, values: Mapping[str, npt.NDArray[Any]], as_of: int, since: int | None) -> dict[str, Any]:
    profile = model.profile
    return {
        "as_of": iso(as_of), "since": None if since is None else iso(since),
        "rows": max((len(column) for column in values.values()), default=0),
        "reference_as_of": iso(int(profile["as_of"])) if profile.get("as_of") is not None else None,
        "reference_rows": int(profile.get("rows", 0)),
    }
