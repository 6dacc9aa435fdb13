"""Everything a running scoring server holds, opened once and closed once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import crm
import features
import registry
import segments
from configs import Settings
from crm import clock
from features import OnlineStoreError
from registry import ModelVersion
from scoring import BinaryModel, Frame, Model
from scoring.log import PredictionLog
from scoring.offering import Offering
from scoring.recommendation import RecommendationModel
from scoring.segmentation import SegmentationModel
from serving.answers import Answers
from serving.champions import Champions, Watcher
from serving.errors import failed_self_test
from serving.guard import Guard
from serving.lookup import Lookup
from serving.metrics import Metrics


@dataclass(frozen=True, kw_only=True)
class State:
    """The parts that answer requests; `open_state` makes it from settings.

    Attributes
    ----------
    settings : Settings
    guard : Guard
    metrics : Metrics
    champions : Champions
    answers : Answers
    segments : segments.Segments
    """

    settings: Settings
    records: crm.Records
    lookup: Lookup
    log: PredictionLog
    guard: Guard
    metrics: Metrics
    champions: Champions
    watcher: Watcher
    answers: Answers
    segments: segments.Segments
    started_at: float

    def start(self) -> None:
        """Take up the champions and begin to watch."""
        self.champions.refresh()
        self.watcher.start()

    def close(self) -> None:
        """Stop watching, then close what was opened; the prediction log is complete afterwards."""
        self.watcher.stop()
        self.log.close()
        self.lookup.close()
        self.records.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_state(settings: Settings, trainable: Sequence[str] = ()) -> State:
    """Open every part of the server; nothing listens yet.

    Parameters
    ----------
    settings : Settings
    trainable : sequence of str
        Names of the models that could be trained here.
    """
    records = crm.open(settings)
    lookup = Lookup(lambda: features.open(settings, records), settings.stale_days)
    metrics = Metrics()
    shelf = registry.open(settings)

    def load(version: ModelVersion) -> Model:
        model = shelf.open_model(version)
        prove(model, lookup.admit(model))
        return model

    champions = Champions(shelf, load, metrics, trainable)
    log = PredictionLog(settings.predictions_dir)
    metrics.watch_age(lambda: _age(lookup, champions))
    return State(
        settings=settings,
        records=records,
        lookup=lookup,
        log=log,
        guard=Guard(settings.serve_host, settings.api_key),
        metrics=metrics,
        champions=champions,
        watcher=Watcher(champions, settings.serve_poll_seconds),
        answers=Answers(lookup, log, metrics, Offering(records, settings.home)),
        segments=segments.open(settings, records, lookup.store),
        started_at=time.time(),
    )


def prove(model: Model, frame: Frame) -> None:
    """Have a model answer everything that it can be asked, and check that the score is one.

    Parameters
    ----------
    frame : mapping of str to ndarray
        One row, of somebody of whom nothing is known.

    Raises
    ------
    ServingError
        If a score is no probability.
    """
    match model:
        case BinaryModel():
            score = float(model.predict(frame)[0])
            model.eligible(frame)
            model.explain(frame, 1)
            if not 0.0 <= score <= 1.0:
                raise failed_self_test(model.name, score)
        case SegmentationModel():
            model.eligible(frame)
            model.assign(frame)
        case RecommendationModel():
            model.recommend([{}], 1, at=clock.now())


def _age(lookup: Lookup, champions: Champions) -> float:
    """Seconds since the oldest online features in use were brought up to date; NaN before the first time."""
    try:
        told = [lookup.materialized_at(item.model.entity) for item in champions.view.served.values()]
    except OnlineStoreError:
        return float("nan")
    return (clock.now() - min(told)) / clock.SECOND if told else float("nan")
