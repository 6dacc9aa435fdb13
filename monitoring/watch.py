"""One watch: drift, freshness and performance gathered into a report, with a page beside it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from configs import Settings
from crm.clock import iso, now, short
from features.skew import SkewReport
from monitoring.alerts import SEVERITIES
from monitoring.drift import compare
from monitoring.errors import MonitoringError
from monitoring.files import place
from monitoring.freshness import Age
from monitoring.page import render
from monitoring.performance import Matured, alert, assess
from monitoring.report import WatchReport
from monitoring.words import SCORE, alerts_of, skew_alert
from scoring.model import Frame, Model
from scoring.recommendation import RecommendationModel

Page: TypeAlias = Literal["always", "never", "alarmed"]


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
        named: Sequence[str] = (),
        freshness: Sequence[Age] = (),
        matured: Matured | None = None,
        skew: SkewReport | None = None,
        reference: Frame | None = None,
        page: Page = "always",
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
            What it answered for them: probabilities, names of segments, or each customer's best recommendation score.
        as_of : int
            Moment (µs) of the current values.
        since : int, optional
            First moment (µs) of the window, when answers of a span are watched.
        named : sequence of str, optional
            Numbers of all products that were recommended, with repetitions; their concentration is told.
        freshness : sequence of Age, optional
        matured : Matured, optional
            Earlier scores whose outcomes are now known.
        skew : SkewReport, optional
            Served vectors beside the same computed offline.
        reference : mapping of str to ndarray, optional
            Rows for the page's reference side; by default they are drawn from the profile, which holds nobody's row.
        page : {"always", "never", "alarmed"}
            When Evidently's page is written; ``alarmed``: only when an alert is of high severity.
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
        if model.profile.get("is_taught") and as_of <= int(model.profile["as_of"]):
            scores = None  # answers about rows that it was taught on are surer than the reference's, given in folds
        entries, values = _paired(model, current, scores)
        found = compare(entries, values, seed=seed)
        score = found.pop(SCORE, None)
        inputs = _inputs(model)
        titles = _titles(model, inputs)
        growing = {str(item["ref"]) for item in inputs if item.get("grows")}
        alerts = [
            item
            for name, column in ([(SCORE, score)] if score else []) + list(found.items())
            for item in alerts_of(name, titles.get(name, name), column, grows=name in growing)
        ]
        performance = None if matured is None else assess(matured, model.manifest.get("metrics", {}), seed=seed)
        decay = None if performance is None else alert(performance)
        alerts += [item for item in (decay, *(age.alert(as_of) for age in freshness)) if item is not None]
        alerts += [skew_alert(item, titles.get(item.ref, item.ref)) for item in (skew.skews if skew else ())]
        name = f"{model.name}-{version}-{iso(as_of)[:10]}"
        is_alarmed = any(item.severity == "high" for item in alerts)
        file = self._folder / f"{name}.html" if page == "always" or (page == "alarmed" and is_alarmed) else None
        report = WatchReport(
            model=model.name,
            version=version,
            window=_window(model, values, as_of, since),
            columns=found,
            score=score,
            alerts=tuple(sorted(alerts, key=lambda item: -SEVERITIES.index(item.severity))),
            freshness=tuple(age.to_json(as_of) for age in freshness),
            performance=performance,
            catalogue=_catalogue(model, named),
            skew=skew,
            page=file,
            at=now(),
            titles={name: titles[name] for name in [SCORE, *found] if name in titles},
        )
        if file is not None:
            shown = found if score is None else {SCORE: score} | found
            title = f"{model.name} version {version}, as of {short(as_of)}"
            place(file, render(title, shown, entries, values, reference or {}, seed=seed))
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
    lengths = {len(column) for column in values.values()}
    if len(lengths) > 1:
        raise MonitoringError.uneven(model.name, lengths)
    return entries, values


def _inputs(model: Model) -> list[Mapping[str, Any]]:
    """What the artefact says of each input, where it does."""
    if "features.json" not in model.artefact.files:
        return []
    return list(model.artefact.json("features.json").get("inputs", []))


def _titles(model: Model, inputs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What the answer, and each input where the artefact says so, is called in words."""
    answers = {"segmentation": "the segments", "recommendation": "the best score of a customer"}
    titles = {SCORE: answers.get(model.kind, "the score")}
    return titles | {str(item["ref"]): str(item["title"]) for item in inputs if item.get("title")}


def _catalogue(model: Model, named: Sequence[str]) -> dict[str, Any] | None:
    """How much of what is sold is ever recommended, and how much one product takes."""
    if not isinstance(model, RecommendationModel) or not named:
        return None
    places = Counter(named)
    most, times = places.most_common(1)[0]
    sold = int(model.items.active.sum())
    return {
        "named": len(places),
        "products": sold,
        "coverage": round(len(places) / max(sold, 1), 6),
        "most_named": most,
        "most_named_share": round(times / len(named), 6),
    }


def _window(model: Model, values: Mapping[str, npt.NDArray[Any]], as_of: int, since: int | None) -> dict[str, Any]:
    profile = model.profile
    return {
        "as_of": iso(as_of),
        "since": None if since is None else iso(since),
        "rows": max((len(column) for column in values.values()), default=0),
        "reference_as_of": iso(int(profile["as_of"])) if profile.get("as_of") is not None else None,
        "reference_rows": int(profile.get("rows", 0)),
    }
