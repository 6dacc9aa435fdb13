"""Questions of this moment: states in the online store, rows pushed into them, answers from them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from crm import Merges
from features.as_of import Moment, default_as_of, micros_of
from features.base import Base, Engine, Key, entity_named, is_spark, numbers_of
from features.catalogue import references
from features.declare.log import Log
from features.declare.measure import Source
from features.entity import Entity
from features.history.store import Progress
from features.online.answer import OnlineAnswer, visible_rows
from features.online.materialize import MaterializeReport, Written, materialize
from features.online.pack import pack
from features.push import PushReport, Rows, write
from features.spines import head_logs


class Present(Base):
    """What a feature store answers at the moment of the question."""

    _merges: tuple[object, Merges] | None = None

    def materialize(
        self,
        entity: Entity | str | None = None,
        *,
        as_of: Moment | None = None,
        engine: Engine = "local",
        progress: Progress | None = None,
    ) -> MaterializeReport:
        """Bring the online states up to the history; only entities that new rows have touched are rewritten.

        Parameters
        ----------
        entity : Entity or str, optional
            Default: every kind that has a view; composite ones, of which there are many, once they were asked for by
            name.
        as_of : int (µs), str, datetime or AsOf, optional
            The moment that questions mean which name none. Default: the end of what the views'
            sources tell, or now.
        engine : {'local', 'spark'}
            Where whole states are packed; their bytes are the same.
        progress : callable, optional
        """
        packing = self.spark.pack if is_spark(engine) else pack
        started = time.monotonic()
        kinds, given = [entity_named(entity)] if entity is not None else self._kept_online(), _micros(as_of)
        sources = self.records.sources()
        written, full, watermark = {}, {}, 0
        for kind in kinds:
            logs = self.logs_of(kind)
            default = default_as_of(self.records, logs, sources)
            moment = given if given is not None else (default.micros if default.binding else None)
            done = materialize(self.online.store, self.history, kind, logs, moment, progress, packing)
            written[kind.name], full[kind.name], watermark = done.states, done.is_full, done.watermark
        return MaterializeReport(written, watermark, full, time.monotonic() - started)

    def _kept_online(self) -> list[Entity]:
        kinds = dict.fromkeys(view.entity for view in self.views.values())
        return [kind for kind in kinds if not kind.parts or self.online.store.stamp(kind.name) is not None]

    def logs_of(self, entity: Entity) -> list[Log]:
        """The logs of an entity that its views read, its own versions first."""
        found = list(head_logs(entity))
        for view in self.views.values():
            if view.entity == entity:
                found += view.logs
        return list(dict.fromkeys(found))

    def online_features(
        self,
        refs: Iterable[str],
        keys: Sequence[Key],
        at: Moment | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
    ) -> OnlineAnswer:
        """Features of some entities, computed at the moment of the question from the online store.

        Parameters
        ----------
        refs : iterable of str
            Of one entity.
        keys : sequence of str
            Numbers (``customer_no``, …); tuples of them for a composite entity.
        at : int (µs), str, datetime or AsOf, optional
            The moment. Default: the one given to `materialize`, else now.
        inputs : mapping of str to number, or to sequence of numbers
            What features declared by `request` ask for: one number for all keys, or one for each; None is null.

        Raises
        ------
        FeatureError
            If the references or the keys are a bare text, a reference is unknown, or `at` is no moment.
        MergedError
            If a customer had been merged into another by then.
        InputError
            If an input is missing, unknown or no number.
        OnlineStoreError
            If nothing was materialized, or the store does not answer.
        """
        refs = references(refs)
        answer = self.online.features(self.catalogue, refs, self._numbers(refs, keys), _micros(at), inputs)
        self.refuse_merged_now(self.catalogue.view(refs[0]).entity, keys, answer.as_of)
        return answer

    def refuse_merged_now(self, entity: Entity | str, keys: Iterable[Key], at: int) -> None:
        """The same as `refuse_merged`, of the merges known when the states were last written; cheap.

        Raises
        ------
        MergedError
            Naming who stays of each.
        """
        kind = entity_named(entity)
        token = self.online.token(kind.name)
        if self._merges is None or self._merges[0] != token:
            self._merges = token, self.records.merges()
        self.refuse_merged(kind, keys, at, self._merges[1])

    def _numbers(self, refs: Sequence[str], keys: Sequence[Key]) -> list[str]:
        if not refs:
            return []  # of no entity, which is said there
        return numbers_of(self.catalogue.view(refs[0]).entity, keys)

    def online_events(
        self, entity: Entity | str, source: Source | str, keys: Sequence[Key], at: Moment | None = None
    ) -> list[dict[str, np.ndarray]]:
        """The visible rows of one log for each key, oldest first; empty arrays for an unknown key.

        Returns
        -------
        list of dict of str to array
            ``occurred_at``, ``known_at``, ``superseded_at`` int64 µs, then the log's columns: text as objects, numbers
            as float64, all else int64 (money in ten-thousandths, null the smallest int64).
        """
        log, kind = self._log(source), entity_named(entity)
        known, words, begins, _ = self.online.states(kind.name, numbers_of(kind, keys))
        moment = known.moment(_micros(at))
        self.refuse_merged_now(kind, keys, moment)
        return [visible_rows(known, words, int(begin), log, moment) for begin in begins]

    def push(self, source: Source | str, rows: Rows, *, origin: str = "rapport") -> PushReport:
        """Append rows to the records for good, and fold them into the online states of those whom they touch.

        The same rows end as the same values in whatever order, and however often, they are pushed, by however many
        processes.

        Parameters
        ----------
        source : Source or str
            ``events(OrderLine, entity=customer)``, or a log's name such as ``order_lines.customer``.
        rows : Arrow table, pandas.DataFrame or mappings
            Complete rows: ``source_key`` (the row's primary key), the entity as ``customer_id``, or as ``customer_key``
            (its key in `origin`), ``occurred_at`` and ``known_at`` (aware moments or int64 µs; default now), and the
            table's columns as the records hold them (money in ten-thousandths). ``op`` may be ``retract``.
        origin : str
            The declared source that the keys are of.

        Raises
        ------
        FeatureError
            If rows have different columns, or a new one names no entity; nothing is written then.
        RecordsError
            If a column is unknown, a key missing or a value breaks a rule; nothing is written then.
        OnlineStoreError
            If the store does not answer; the rows are in the records, and `materialize` brings them online.
        """
        log = self._log(source)
        counts = write(self.records, log, rows, origin)
        with self.history.alone():
            self.history.refresh()
            folded = {kind.name: self._fold(kind) for kind in self._readers_of(log)}
        watermark = min((done.watermark for done in folded.values()), default=0)
        return PushReport(counts, {name: done.states for name, done in folded.items()}, watermark)

    def _readers_of(self, log: Log) -> list[Entity]:
        """The kinds of entity whose online states hold rows of the table of a log."""
        tables = {kind: {item.table.name for item in self.logs_of(kind)} for kind in self._kept_online()}
        return [kind for kind, names in tables.items() if log.table.name in names]

    def _fold(self, kind: Entity) -> Written:
        """Bring the states of a kind up to the history; the moment that questions mean stays."""
        stamp = self.online.store.stamp(kind.name)
        if stamp is not None:
            return materialize(self.online.store, self.history, kind, self.logs_of(kind), stamp.as_of)
        report = self.materialize(kind)
        return Written(report.entities[kind.name], True, report.watermark)


def _micros(at: Moment | None) -> int | None:
    return None if at is None else micros_of(at)
