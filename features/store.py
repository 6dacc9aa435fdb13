"""The feature store: one object that answers every question about features, past and present."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from features.as_of import AsOf, default_as_of
from features.catalogue import Catalogue, Feature, flat
from features.cutoffs import cutoffs
from features.declare.aggregate import Aggregate
from features.declare.log import Log
from features.declare.measure import Measure, Source
from features.declare.view import FeatureView
from features.entity import ENTITIES, Entity
from features.erasing import erase
from features.errors import FeatureError
from features.explain import as_table, rows_behind
from features.hindsight import hindsight
from features.history.store import History, Progress, RefreshReport
from features.inputs import columns_of
from features.kernel.program import Ints
from features.labels import ImportedLabel, ends, over
from features.lineage import declaration
from features.offline import Moments, aggregate, fill
from features.online.answer import Online, OnlineAnswer, visible_rows
from features.online.materialize import MaterializeReport, Written, materialize
from features.online.pack import pack
from features.online.protocol import OnlineStore
from features.push import PushReport, Rows, write
from features.reading import Reading
from features.recipe import recipe
from features.spark.home import SparkHome
from features.spine import as_frame, moments_of
from features.spines import head_logs, spine_at
from features.training_set import TrainingSet
from features.training_sets import TrainingSets
from features.windows import Window

Windows = tuple[Window, ...]
Key = str | Sequence[str]
Engine = Literal["local", "spark"]


class FeatureStore:
    """Features of customers, leads, products and opportunities as of any moment.

    Open it with `features.open(settings, records)`.

    Parameters
    ----------
    records : Reading
        `crm.Records`, or rows given inline.
    catalogue : Catalogue
    history : History
    online : OnlineStore
    threads : int
    spark : SparkHome, optional
        Default: one on this machine, its files beside the history.
    """

    def __init__(
        self,
        records: Reading,
        catalogue: Catalogue,
        history: History,
        online: OnlineStore,
        threads: int,
        spark: SparkHome | None = None,
    ) -> None:
        self.records = records
        self.catalogue = catalogue
        self.history = history
        self.online = Online(online)
        self.threads = threads
        self.spark = spark or SparkHome(history, history.folder.parent / "exchange")
        self.training_sets = TrainingSets(history.folder.parent / "training_sets", self._as_arrived, self.version)
        for view in catalogue.views.values():
            for log in head_logs(view.entity):
                history.want(log)
            for log in view.logs:
                history.want(log, ["value_text"] if view.dynamic is not None and log == view.dynamic.log else ())
        for item in catalogue.aggregates(f"{v.name}:{name}" for v in catalogue.views.values() for name in v.fields):
            history.want(item.log, used_columns(item))

    @property
    def views(self) -> Mapping[str, FeatureView]:
        """The feature views by name, custom attributes included."""
        return self.catalogue.views

    def close(self) -> None:
        """Let go of the online store, and of Spark where it was started."""
        self.online.store.close()
        self.spark.close()

    # -- what there is ---------------------------------------------------------------------------------------------

    def features(self, refs: Iterable[str]) -> list[Feature]:
        """What is known of some features; ``view:*`` names a whole view."""
        units = _Units(self.history)
        return [self.catalogue.feature(ref, units.of(self.catalogue, ref)) for ref in self.catalogue.expand(refs)]

    def inputs(self, refs: Iterable[str]) -> list[str]:
        """The names of the numbers that some features ask for with the question."""
        return self.catalogue.inputs(self.catalogue.expand(refs))

    def default_as_of(self, refs: Iterable[str]) -> AsOf:
        """The earliest ``complete_until`` of the sources that hold rows in the tables these features use."""
        return default_as_of(self.records, self.catalogue.logs(self.catalogue.expand(refs)))

    def version(self, refs: Iterable[str]) -> dict[str, str]:
        """The content hash of the declaration of each view in use."""
        names = sorted({ref.partition(":")[0] for ref in refs})
        return {name: self.catalogue.view(name).version for name in names}

    def declarations(self, refs: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What each view in use says, as plain JSON: ``version``, ``entity``, ``ttl``, ``fields``."""
        names = sorted({ref.partition(":")[0] for ref in refs})
        return {name: declaration(self.catalogue.view(name)) for name in names}

    # -- history ---------------------------------------------------------------------------------------------------

    def refresh(self, progress: Progress | None = None) -> RefreshReport:
        """Bring the history up to the present arrival of records."""
        return self.history.refresh(progress=progress)

    def log(self, source: Source | str, entities: Iterable[int] | None = None) -> pa.Table:
        """The rows of a log, every entity's oldest first.

        Parameters
        ----------
        source : Source or str
            ``events(OrderLine, entity=customer)``, or a log's name such as ``order_lines.customer``.
        entities : iterable of int, optional
            Only these record ids (of the first part of a composite entity).

        Returns
        -------
        pa.Table
            The entity's id, ``occurred_at``, ``known_at``, ``superseded_at`` (int64 µs), ``fact`` (record id), then the
            log's columns as in `explain`.
        """
        log = self._log(source)
        reader = self.history.reader(log)
        rows = reader.rows()
        if entities is not None:
            ids = self.history.keys.ids(log.entity, rows["entity"])
            chosen = np.isin(ids[0], np.fromiter(entities, np.int64))
            rows = {name: values[chosen] for name, values in rows.items()}
        plain = as_table(rows, log, reader.state.columns, reader.dictionary)
        clocks = {name: pa.array(rows[name]) for name in ("occurred_at", "known_at", "superseded_at")}
        rest = {name: plain.column(name) for name in plain.column_names if name not in clocks}
        ids = self.history.keys.ids(log.entity, rows["entity"])
        keys = {name: pa.array(column) for name, column in zip(log.entity.keys, ids, strict=True)}
        return pa.table({**keys, **clocks, **{name: column for name, column in rest.items() if name not in keys}})

    # -- offline ---------------------------------------------------------------------------------------------------

    def historical_features(
        self,
        refs: Iterable[str],
        spine: Any,
        *,
        known_before: int | None = None,
        watermark: int | None = None,
        engine: Engine = "local",
        progress: Progress | None = None,
    ) -> pd.DataFrame:
        """Features of each spine row, exactly as they could be known at its moment.

        Parameters
        ----------
        refs : iterable of str
            ``view:feature`` or ``view:*``; of several entities when the spine has the id of each.
        spine : pandas.DataFrame or Arrow table
            ``<entity>_id`` int64 (of a composite entity several), ``as_of`` (aware moments of any unit, or int64 µs),
            any other columns; perhaps ``known_before``, a knowledge cutoff of each row; a column of numbers for each
            input that features declared by `request` ask for.
        known_before : int, optional
            One knowledge cutoff for all rows, in microseconds. Default: the row's ``as_of``.
        watermark : int, optional
            Only rows that had arrived by then (``seq``); a training set built again is byte-identical.
        engine : {'local', 'spark'}
            Where the work is done; the values are the same bits.
        progress : callable, optional

        Returns
        -------
        pandas.DataFrame
            The spine, its rows in their order, with ``view__feature`` columns: float64 (NaN null) or object (text,
            None).

        Raises
        ------
        SpineError
            If a column is missing, null, naive or of the wrong type.
        InputError
            If an input is missing or no number.
        FeatureError
            If a reference is unknown, or the spine has a column of that name.
        """
        frame = as_frame(spine)
        wanted = self.catalogue.expand(refs)
        columns: dict[str, np.ndarray] = {}
        for entity, part in self._by_entity(wanted).items():
            if progress is not None:
                progress(entity.name, 0, len(frame))
            asked = recipe(self.catalogue, part)
            moments = self._moments(frame, entity, asked.by_log(), known_before, asked.inputs)
            if _is_spark(engine):
                columns |= self.spark.fill(asked, moments, watermark=watermark)
            else:
                columns |= fill(self.history, asked, moments, threads=self.threads, watermark=watermark)
        clash = next((name for name in map(flat, wanted) if name in frame.columns), None)
        if clash is not None:
            raise FeatureError(f"the spine has a column {clash!r} already; a name of its own is expected; rename it")
        added = pd.DataFrame(
            {flat(ref): pd.Series(columns[ref], frame.index, columns[ref].dtype) for ref in wanted}, index=frame.index
        )
        return pd.concat([frame, added], axis=1)

    def write_features(self, refs: Iterable[str], spine: Path, target: Path, *, watermark: int | None = None) -> None:
        """Features of a spine in Parquet into a folder of Parquet, on Spark: for sets larger than a machine's memory.

        The columns are those of `historical_features`, null where there is no value; see `SparkHome.write`.

        Raises
        ------
        SpineError
            If a column of the spine is missing, null, naive, of the wrong type, or named like a feature.
        SparkError
            If `target` exists, or Spark is absent or does not start.
        """
        parts = self._by_entity(self.catalogue.expand(refs)).values()
        self.spark.write([recipe(self.catalogue, part) for part in parts], spine, target, watermark=watermark)

    def make_training_set(
        self, refs: Iterable[str], spine: Any, *, known_before: int | None = None, **labels: Any
    ) -> TrainingSet:
        """A spine with its features, and the hashes of all that decides them; save it to build it again for ever.

        Parameters
        ----------
        refs, spine, known_before
            As for `historical_features`.
        **labels
            Columns to stand beside those of the spine.
        """
        wanted = self.catalogue.expand(refs)
        logs = self.catalogue.logs(wanted)
        arrived = min((self.history.reader(log).state.watermark for log in logs), default=self.records.watermark())
        return self.training_sets.make(wanted, spine, arrived, known_before, **labels)

    def hindsight(self, refs: Iterable[str], spine: Any) -> dict[str, int]:
        """The features whose values change when ``known_at`` is honoured, with the rows in which; see `hindsight`."""
        return hindsight(self, self.catalogue.expand(refs), spine)

    def training_set(self, name: str, *, saved: bool = False) -> TrainingSet:
        """A training set by name or hash, built again from the history: the same bytes as when it was made.

        Parameters
        ----------
        name : str
            A name (the newest set of that name), or the first eight digits of a hash.
        saved : bool
            The rows as they were saved, without building anything.

        Raises
        ------
        TrainingSetError
            If it is unknown, or a view is declared otherwise today.
        """
        return self.training_sets.saved(name) if saved else self.training_sets.build(name)

    def _as_arrived(
        self, refs: Sequence[str], spine: pd.DataFrame, known_before: int | None, watermark: int
    ) -> pd.DataFrame:
        return self.historical_features(refs, spine, known_before=known_before, watermark=watermark)

    def entities_at(self, entity: Entity | str, as_of: int | AsOf) -> pd.DataFrame:
        """Every entity known at a moment, as a spine."""
        moment = as_of.micros if isinstance(as_of, AsOf) else as_of
        return spine_at(self.history, _entity(entity), [moment], None, self.threads)

    def every(
        self, period: str | Windows, entity: Entity | str, since: int, until: int, active: Measure | None = None
    ) -> pd.DataFrame:
        """A spine of every entity at every cutoff, perhaps only those that were active.

        Parameters
        ----------
        period : {'day', 'week', 'month', 'quarter'} or days(…)
            Calendar periods, or a span stepping back from `until`.
        entity : Entity or str
        since, until : int
            Microseconds; cutoffs lie in ``[since, until]``.
        active : Measure, optional
            Rows are kept where it is above 0, for example ``lines.count(days(180))``.
        """
        moments = cutoffs(period, since, until)
        return spine_at(self.history, _entity(entity), moments, None if active is None else active.only, self.threads)

    # -- labels ----------------------------------------------------------------------------------------------------

    def label(self, outcome: Measure | ImportedLabel, spine: Any, horizon: Windows | None = None) -> pd.DataFrame:
        """The spine with ``label`` (float64, NaN null) and ``matures_at`` (int64 µs).

        Parameters
        ----------
        outcome : Measure or ImportedLabel
            A measure without window (``lines.count()``), taken over ``[as_of, as_of + horizon)``; or an imported label,
            over the same span, or whenever it was stated when there is no horizon.
        spine : pandas.DataFrame or Arrow table
        horizon : tuple of one Window, optional
            For example ``days(90)``; a measure needs it.
        """
        frame = as_frame(spine)
        asked = outcome.aggregate if isinstance(outcome, ImportedLabel) else outcome.only
        if horizon is not None or not isinstance(outcome, ImportedLabel):
            asked = over(asked, horizon or ())
        self.history.want(asked.log, used_columns(asked))
        moments = self._moments(frame, asked.log.entity, [asked.log], None)
        (answer,) = aggregate(self.history, [asked], ends(moments, horizon), threads=self.threads)
        matures = moments.moments + (0 if horizon is None else horizon[0].width)
        return frame.assign(label=answer, matures_at=matures)

    def complete_until(self, outcome: Measure | ImportedLabel) -> AsOf:
        """Up to when the sources of an outcome tell everything."""
        asked = outcome.aggregate if isinstance(outcome, ImportedLabel) else outcome.aggregates[0]
        return default_as_of(self.records, [asked.log])

    def matured(self, labelled: pd.DataFrame, outcome: Measure | ImportedLabel) -> pd.DataFrame:
        """The rows whose label is final: its window ends at or before ``complete_until``."""
        until = self.complete_until(outcome).micros
        return labelled[labelled["matures_at"] <= until].reset_index(drop=True)

    # -- online ----------------------------------------------------------------------------------------------------

    def materialize(
        self,
        entity: Entity | str | None = None,
        *,
        as_of: int | None = None,
        engine: Engine = "local",
        progress: Progress | None = None,
    ) -> MaterializeReport:
        """Bring the online states up to the history; only entities that new rows have touched are rewritten.

        Parameters
        ----------
        entity : Entity or str, optional
            Default: every kind that has a view; composite ones, of which there are many, once they were asked for by
            name.
        as_of : int, optional
            The moment that questions mean which name none, in microseconds. Default: the end of what the views'
            sources tell, or now.
        engine : {'local', 'spark'}
            Where whole states are packed; their bytes are the same.
        progress : callable, optional
        """
        packing = self.spark.pack if _is_spark(engine) else pack
        started = time.monotonic()
        kinds = [_entity(entity)] if entity is not None else self._kept_online()
        sources = self.records.sources()
        written, full, watermark = {}, {}, 0
        for kind in kinds:
            logs = self.logs_of(kind)
            default = default_as_of(self.records, logs, sources)
            moment = as_of if as_of is not None else (default.micros if default.binding else None)
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
        at: int | None = None,
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
        at : int, optional
            The moment, in microseconds. Default: the one given to `materialize`, else now.
        inputs : mapping of str to number, or to sequence of numbers
            What features declared by `request` ask for: one number for all keys, or one for each; None is null.

        Raises
        ------
        InputError
            If an input is missing, unknown or no number.
        OnlineStoreError
            If nothing was materialized, or the store does not answer.
        """
        refs = tuple(refs)
        return self.online.features(self.catalogue, refs, self._numbers(refs, keys), at, inputs)

    def _numbers(self, refs: Sequence[str], keys: Sequence[Key]) -> list[str]:
        if not refs:
            return []  # of no entity, which is said there
        number_of = self.catalogue.view(refs[0]).entity.number_of
        return [number_of(key) for key in keys]

    def online_events(
        self, entity: Entity | str, source: Source | str, keys: Sequence[Key], at: int | None = None
    ) -> list[dict[str, np.ndarray]]:
        """The visible rows of one log for each key, oldest first; empty arrays for an unknown key.

        Returns
        -------
        list of dict of str to array
            ``occurred_at``, ``known_at``, ``superseded_at`` int64 µs, then the log's columns: text as objects, numbers
            as float64, all else int64 (money in ten-thousandths, null the smallest int64).
        """
        log, kind = self._log(source), _entity(entity)
        known, words, begins, _ = self.online.states(kind.name, [kind.number_of(key) for key in keys])
        moment = known.moment(at)
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

    def erase(self, ids: Mapping[str, Sequence[int]], tables: Collection[str]) -> dict[str, int]:
        """Take people who have left the records out of what was made from them; see `features.erasing.erase`."""
        return erase(self, ids, tables)

    # -- explaining ------------------------------------------------------------------------------------------------

    def explain(self, ref: str, key: Key, as_of: int) -> pa.Table:
        """The rows that made a value, oldest first.

        Raises
        ------
        FeatureError
            If the number is unknown, or the feature is a formula over several others or comes with the question.
        """
        self.catalogue.expand([ref])
        aggregates = self.catalogue.aggregates([ref])
        if not aggregates:
            raise FeatureError(
                f"{ref!r} comes with the question, no rows are behind it; a feature over a source is expected; name one"
            )
        if len({(item.log, item.conditions) for item in aggregates}) != 1:
            raise FeatureError(
                f"{ref!r} is a formula over several sources; a feature over one source is expected; explain one of "
                f"{', '.join(self.catalogue.closure([ref]))}"
            )
        widest = max(aggregates, key=lambda item: item.window.width)
        self.history.want(widest.log, used_columns(widest))
        return rows_behind(self.history.reader(widest.log), widest, self.ids(widest.log.entity, [key])[0], as_of)

    def ids(self, entity: Entity | str, keys: Sequence[Key]) -> Ints:
        """Record ids of numbers; codes of tuples of numbers for a composite entity.

        Raises
        ------
        FeatureError
            If a number is unknown.
        """
        kind = _entity(entity)
        numbers = self.history.keys.numbers(kind.name)
        named = [kind.number_of(key) for key in keys]
        known = dict(zip(numbers.column("number").to_pylist(), numbers.column("id").to_pylist(), strict=True))
        missing = [key for key in named if key not in known]
        if missing:
            wanted = " and ".join(f"a {item.number}" for item in kind.heads)
            raise FeatureError(
                f"no {kind.name} has the number {missing[0]!r}; {wanted} of the records is expected; correct it"
            )
        return np.array([known[key] for key in named], np.int64)

    def _moments(
        self,
        frame: pd.DataFrame,
        entity: Entity,
        logs: Iterable[Log],
        known_before: int | None,
        inputs: Iterable[str] = (),
    ) -> Moments:
        if entity.parts:
            for log in logs:  # a log that is built only now gives its combinations their codes
                self.history.reader(log)
        moments = moments_of(frame, entity, known_before, self.history.keys)
        return replace(moments, inputs=columns_of(frame, inputs))

    def _by_entity(self, refs: Sequence[str]) -> dict[Entity, list[str]]:
        found: dict[Entity, list[str]] = {}
        for ref in refs:
            found.setdefault(self.catalogue.view(ref).entity, []).append(ref)
        return found

    def _log(self, source: Source | str) -> Log:
        if isinstance(source, Source):
            self.history.want(source.log)
            return source.log
        return self.history.named(source)


def used_columns(item: Aggregate) -> list[str]:
    """The columns that an aggregate reads."""
    return [*([] if item.column is None else [item.column]), *(test.column for test in item.conditions)]


def _entity(entity: Entity | str) -> Entity:
    if isinstance(entity, Entity):
        return entity
    if entity not in ENTITIES:
        raise FeatureError(f"the entity {entity!r} is unknown; one of {', '.join(ENTITIES)} is expected; correct it")
    return ENTITIES[entity]


def _is_spark(engine: str) -> bool:
    if engine not in get_args(Engine):
        raise FeatureError(f"the engine {engine!r} is unknown; local or spark is expected; correct it")
    return engine == "spark"


class _Units:
    """Units of features in words; money is in the one currency of its log, if it has one."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._currencies: dict[str, str] = {}

    def of(self, catalogue: Catalogue, ref: str) -> str | None:
        """The unit of a feature; None is that of its declaration."""
        definition = catalogue.field(ref).definition
        if not isinstance(definition, Aggregate) or not definition.unit.startswith("money"):
            return None
        log = definition.log
        if log.name not in self._currencies:
            known = self._history.reader(log).dictionary.texts.get("currency", []) if "currency" in log.columns else []
            self._currencies[log.name] = known[0] if len(known) == 1 else "currency units"
        return definition.unit.replace("money", self._currencies[log.name])
