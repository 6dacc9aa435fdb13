"""Everything a running scoring server holds, opened once and closed once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

import crm
import features
import registry
import segments
from configs import Settings
from crm import clock
from features import OnlineStoreError
from registry import ModelVersion
from scoring import BinaryModel, Model
from scoring.log import PredictionLog
from serving.answers import Answers
from serving.champions import Champions, Watcher
from serving.errors import ServingError
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
        lookup.admit(model)
        prove(model)
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
        answers=Answers(lookup, log, metrics),
        segments=segments.open(settings, records, lookup.store),
        started_at=time.time(),
    )


def prove(model: Model) -> None:
    """Have a model answer for somebody of whom nothing is known, and check that the answer is one.

    Raises
    ------
    ServingError
        If a score is no probability.
    """
    if not isinstance(model, BinaryModel):
        return
    frame: dict[str, Any] = {ref: np.array([np.nan]) for ref in model.refs}
    score = float(model.predict(frame)[0])
    model.eligible(frame)
    if not 0.0 <= score <= 1.0:
        raise ServingError(
            f"the self-test of {model.name!r} gave {score}; a probability is expected; train it again",
            code="self_test",
            status=503,
        )


def _age(lookup: Lookup, champions: Champions) -> float:
    """Seconds since the oldest online features in use were brought up to date; NaN before the first time."""
    try:
        told = [lookup.materialized_at(item.model.entity) for item in champions.view.served.values()]
    except OnlineStoreError:
        return float("nan")
    return (clock.now() - min(told)) / clock.SECOND if told else float("nan")
