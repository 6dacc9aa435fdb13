"""Features of the ids that a question names, at its moment, and whether they are known, scorable and fresh."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from crm import clock
from features import AsOf, FeatureError, FeatureStore, OnlineStoreError
from features.inputs import given
from scoring import Frame, Model
from serving.schemas import Status

NOBODY = ""  # no number of the records


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
    watermark : int or None
        Greatest arrival number that the values rest on; None where no features were asked for.
    inputs : mapping of str to ndarray
        The numbers that came with the question, one for each id.
    """

    keys: Sequence[str]
    ids: npt.NDArray[np.int64]
    frame: Frame
    statuses: list[Status]
    watermark: int | None = None
    inputs: Frame = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """The moment of a question (µs), and whether what is known ends too long before it."""

    at: int
    is_stale: bool


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
        self._needed: dict[tuple[str, ...], list[str]] = {}
        self._lock = threading.Lock()

    def admit(self, model: Model) -> Frame:
        """Make sure that every feature of a model can be looked up, and have everything ready for the first question.

        Returns
        -------
        mapping of str to ndarray
            One row, of somebody of whom nothing is known.

        Raises
        ------
        FeatureError
            If a feature is unknown even to a store opened anew.
        """
        with self._lock:
            try:
                self.store.features(model.refs)
            except FeatureError:
                store = self._opening()
                self._stores.append(store)
                store.features(model.refs)
                self.store = store
        try:
            nothing = self.inputs(model, dict.fromkeys(self.store.inputs(model.refs)), 1)
            return self.features(model, [NOBODY], self.moment(model, None), nothing).frame
        except OnlineStoreError:  # nothing was materialized yet
            features = self.store.features(model.refs)
            return {item.ref: np.array([np.nan if item.dtype == "float" else None]) for item in features}

    def moment(self, model: Model, asked: int | None) -> Moment:
        """The moment that a question means: what it says, else the end of what the model's sources tell.

        Raises
        ------
        OnlineStoreError
            If nothing was materialized yet.
        """
        told = self.materialized_at(model.entity)
        default = self._default(model.refs, told)
        until = default.micros if default.binding else clock.now()
        at = until if asked is None else asked
        return Moment(at, at - min(told, until) > self._stale)

    def materialized_at(self, entity: str) -> int:
        """When the states of a kind of entity were brought up to date (µs).

        Raises
        ------
        OnlineStoreError
            If nothing was materialized yet.
        """
        return self.store.online.known(entity).stamp.materialized_at

    def inputs(self, model: Model, told: Mapping[str, Any] | None, rows: int) -> Frame:
        """The numbers that a model's features ask for with a question about so many ids, one for each id.

        Raises
        ------
        InputError
            If one is missing, unknown, no number, or not one for each id.
        """
        needed = self._needed.get(model.refs)
        if needed is None:  # declarations do not change while the process runs
            needed = self._needed[model.refs] = self.store.inputs(model.refs)
        return given(needed, told, rows)

    def problem(self, entities: Iterable[str]) -> str | None:
        """Why features of some kinds of entity cannot be looked up, in one sentence; None when they can."""
        try:
            for entity in entities:
                self.materialized_at(entity)
        except OnlineStoreError as error:
            return str(error)
        return None

    def features(self, model: Model, keys: Sequence[str], moment: Moment, inputs: Frame | None = None) -> Found:
        """Features of a model for some numbers at one moment; raises like `inputs`, and

        Raises
        ------
        OnlineStoreError
            If the store does not answer.
        """
        answer = self.store.online_features(model.refs, keys, moment.at, inputs=inputs)
        expired = np.zeros(len(keys), dtype=bool)
        for view in answer.status.values():
            expired |= np.array([item == "EXPIRED" for item in view], dtype=bool)
        told = _statuses(answer.ids, expired | moment.is_stale)
        return Found(keys, answer.ids, answer.values, told, answer.watermark, inputs or {})

    def histories(
        self, model: Model, log: str, keys: Sequence[str], moment: Moment
    ) -> tuple[Found, list[dict[str, Any]]]:
        """The rows of one log for some numbers, oldest first, as of one moment."""
        _, _, _, ids = self.store.online.states(model.entity, keys)
        found = Found(keys, ids, {}, _statuses(ids, np.full(len(keys), moment.is_stale)))
        return found, self.store.online_events(model.entity, log, keys, moment.at)

    def close(self) -> None:
        """Close every store that was opened."""
        for store in self._stores:
            store.close()

    def _default(self, refs: tuple[str, ...], told: int) -> AsOf:
        """The default moment; asked of the records once for each materialization, since it counts their rows."""
        kept = self._defaults.get(refs)
        if kept is None or kept[0] != told:
            kept = self._defaults[refs] = told, self.store.default_as_of(refs)
        return kept[1]


def _statuses(ids: npt.NDArray[np.int64], is_stale: npt.NDArray[np.bool_]) -> list[Status]:
    rows = zip(ids.tolist(), is_stale.tolist(), strict=True)
    return ["unknown" if number < 0 else "stale" if old else "ok" for number, old in rows]
