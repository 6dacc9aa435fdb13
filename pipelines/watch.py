"""Watch a model: what it sees now beside what it learned on, and how fresh that is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from monitoring import Age, Page, WatchReport
from pipelines.score import frame_at, visible_histories
from pipelines.skew import skew_of
from pipelines.workspace import Workspace
from scoring import BinaryModel, Frame, Model
from scoring.recommendation import RecommendationModel
from scoring.segmentation import SegmentationModel

SAMPLE = 20_000
"""Entities looked at; more would not make a drift worth acting on any clearer."""

LISTS = 2_000
"""Entities for whom lists are drawn up: a list costs more than a score and moves less."""

SCORES_DAYS = 8.0
"""Age at which scores are worth an alert: one missed weekly run and a day."""


@dataclass(frozen=True)
class Watched:
    """A watch and how long it took."""

    report: WatchReport
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """What ``watch --json`` prints."""
        return self.report.to_json() | {"seconds": round(self.seconds, 3)}

    def words(self) -> str:
        """One sentence."""
        alerts = self.report.alerts
        moved = f": {', '.join(dict.fromkeys(alert.subject for alert in alerts[:3]))}" if alerts else ""
        page = f"; {self.report.page}" if self.report.page is not None else ""
        return f"{len(self.report.columns)} inputs, {len(alerts)} alert{'' if len(alerts) == 1 else 's'}{moved}{page}"

    def lines(self) -> list[str]:
        """What ``watch`` prints for people."""
        return self.report.lines()


def watch(
    workspace: Workspace, name: str, *, as_of: int | None = None, page: Page = "always", seed: int = 7
) -> Watched:
    """Compare the champion's reference with the population of the moment.

    Parameters
    ----------
    as_of : int, optional
        Moment (µs); default: where the sources in use are complete.
    page : {"always", "never", "alarmed"}
        When Evidently's page is written beside the JSON; ``alarmed``: only when an alert is of high severity.

    Raises
    ------
    RapportError
        If the model is unknown or has no champion.
    """
    began = time.monotonic()
    workspace.check_model(name)
    version, model = workspace.registry.load(name)
    workspace.features.refresh(progress=workspace.progress)
    moment = workspace.as_of(model).micros if as_of is None else as_of
    workspace.progress(f"watching {name}", 0, 0)
    frame, answers, named = _current(workspace, model, moment, seed)

    checked = skew_of(workspace, name, seed=seed)
    report = workspace.monitoring.watch(
        model,
        version.version,
        frame,
        answers,
        as_of=moment,
        named=named,
        freshness=_ages(workspace, model),
        skew=None if checked is None else checked.report,
        page=page,
    )
    return Watched(report, time.monotonic() - began)


def _current(workspace: Workspace, model: Model, at: int, seed: int) -> tuple[Frame, Any, list[str]]:
    """Features of a sample of the population, what the model answers for it, and the products that it names."""
    ids = workspace.features.entities_at(model.entity, at)[f"{model.entity}_id"].to_numpy(np.int64)
    ids = _drawn(ids, SAMPLE, seed)
    frame = frame_at(workspace, model, ids, at)
    if isinstance(model, RecommendationModel):
        ids = _drawn(ids, LISTS, seed)
        known = [rows for rows in visible_histories(workspace, model, ids, at) if len(rows["product_id"])]
        answers = [items for items in model.recommend(known, at=at) if items]
        named = [item.product_no for items in answers for item in items]
        return frame, np.array([items[0].score for items in answers]), named
    if isinstance(model, SegmentationModel):
        chosen = model.eligible(frame)
        part = {ref: values[chosen] for ref, values in frame.items()}
        return part, np.array(model.assign(part), dtype=object), []
    binary = cast(BinaryModel, model)
    chosen = binary.eligible(frame)
    part = {ref: values[chosen] for ref, values in frame.items()}
    return part, binary.predict(part), []


def _drawn(ids: npt.NDArray[np.int64], most: int, seed: int) -> npt.NDArray[np.int64]:
    return ids if len(ids) <= most else np.sort(np.random.default_rng(seed).choice(ids, most, replace=False))


def _ages(workspace: Workspace, model: Model) -> list[Age]:
    stamp = workspace.features.online.store.stamp(model.entity)
    renewed = None if stamp is None else stamp.as_of or stamp.materialized_at
    latest = workspace.records.query(
        "select max(occurred_at) as at from scores where model = :model union all "
        "select max(occurred_at) as at from recommendations where model = :model",
        {"model": model.name},
    )
    scored = [moment for moment in latest.column("at").to_pylist() if moment is not None]
    limit = float(workspace.settings.stale_days)
    return [
        Age("online features", renewed, limit, "run `rapport materialize`"),
        Age(f"scores of {model.name}", max(scored, default=None), SCORES_DAYS, f"run `rapport score {model.name}`"),
    ]
