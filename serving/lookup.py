"""Features of the ids that a question names, at its moment, and whether they are known, scorable and fresh."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crm import clock
from features import AsOf, FeatureError, FeatureStore
from scoring import Frame, Model
from serving.schemas import Status


@dataclass(frozen=True)
class Found:
    """What the online store says of some ids at one moment.

    Attributes
    ----------
    keys : sequence of str
        The numbers asked for.
    ids : int64[n]
        Record ids; -1 where the number is unknown.
    frame : mapping of str to ndarray
        Feature values by reference.
    statuses : list of str
        ``ok``, ``unknown`` or ``stale``; who is ineligible is for the model to say.
    """

    keys: Sequence[str]
    ids: npt.NDArray[np.int64]
    frame: Frame
    statuses: list[Status]


class Lookup:
    """The feature store as the server uses it.

    Parameters
    ----------
    opening : callable
        Opens the feature store; called again when a model names a feature that the open one does not know, because
        records brought new attributes since.
    stale_days : int
        Age, in days before the moment asked for, beyond which features are stale.
    """

    def __init__(self, opening: Callable[[], FeatureStore], stale_days: int) -> None:
        self._opening = opening
        self._stale = stale_days * clock.DAY
        self.store = opening()
        self._stores = [self.store]
        self._defaults: dict[tuple[str, ...], tuple[int, AsOf]] = {}
        self._lock = threading.Lock()

    def admit(self, model: Model) -> None:
        """Make sure that every feature of a model can be looked up.

        Raises
        ------
        FeatureError
            If one is unknown even to a store opened anew.
        """
        with self._lock:
            try:
                self.store.features(model.refs)
            except FeatureError:
                store = self._opening()
                self._stores.append(store)
                store.features(model.refs)
                self.store = store

    def moment(self, model: Model, asked: int | None) -> int:
        """The moment that a question means: what it says, else the end of what the model's sources tell."""
        if asked is not None:
            return asked
        default = self._default(model)
        return default.micros if default.binding else clock.now()

    def materialized_at(self, entity: str) -> int:
        """When the states of a kind of entity were brought up to date (µs).

        Raises
        ------
        OnlineStoreError
            If nothing was materialized yet.
        """
        return self.store.online.known(entity).stamp.materialized_at

    def features(self, model: Model, keys: Sequence[str], at: int) -> Found:
        """Features of a model for some numbers at one moment.

        Raises
        ------
        OnlineStoreError
            If nothing was materialized, or the store does not answer.
        """
        answer = self.store.online_features(model.refs, keys, at)
        is_stale = self._is_stale(model, at)
        expired = [any(views) for views in zip(*[[item == "EXPIRED" for item in view] for view in answer.status.values()])]
        statuses: list[Status] = [
            "unknown" if number < 0 else "stale" if is_stale or (expired and expired[place]) else "ok"
            for place, number in enumerate(answer.ids.tolist())
        ]
        return Found(keys, answer.ids, answer.values, statuses)

    def histories(self, model: Model, log: str, keys: Sequence[str], at: int) -> tuple[Found, list[dict[str, Any]]]:
        """The rows of one log for some numbers, oldest first, as of one moment."""
        known, words, begins, ids = self.store.online.states(model.entity, keys)
        del known, words, begins
        is_stale = self._is_stale(model, at)
        statuses: list[Status] = ["unknown" if number < 0 else "stale" if is_stale else "ok" for number in ids.tolist()]
        return Found(keys, ids, {}, statuses), self.store.online_events(model.entity, log, keys, at)

    def close(self) -> None:
        """Close every store that was opened."""
        for store in self._stores:
            store.close()

    def _is_stale(self, model: Model, at: int) -> bool:
        default = self._default(model)
        told = self.materialized_at(model.entity)
        return at - (min(told, default.micros) if default.binding else told) > self._stale

    def _default(self, model: Model) -> AsOf:
        """The default moment; asked of the records once for each materialization, since counting their rows takes time."""
        told = self.materialized_at(model.entity)
        kept = self._defaults.get(model.refs)
        if kept is None or kept[0] != told:
            kept = self._defaults[model.refs] = told, self.store.default_as_of(model.refs)
        return kept[1]
