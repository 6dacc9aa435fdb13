"""What every question about features needs: records, views, history and online store, and who is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from crm import Merges
from features.as_of import AsOf, Moment, default_as_of, micros_of
from features.catalogue import Catalogue, Feature
from features.declare.aggregate import Aggregate
from features.declare.log import Log
from features.declare.measure import Source
from features.declare.view import FeatureView
from features.entity import ENTITIES, Entity, customer
from features.errors import FeatureError, MergedError
from features.explain import as_table, rows_behind
from features.history.store import History, Progress, RefreshReport
from features.inputs import columns_of
from features.kernel.program import Ints
from features.lineage import declaration
from features.offline import Moments
from features.online.answer import Online
from features.online.protocol import OnlineStore
from features.reading import Reading
from features.spark.home import SparkHome
from features.spine import moments_of
from features.spines import head_logs
from features.windows import Window

Windows = tuple[Window, ...]
Key = str | Sequence[str]
Engine = Literal["local", "spark"]


class Base:
    """The parts of a feature store, and what is asked of any of them.

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

    def explain(self, ref: str, key: Key, as_of: Moment) -> pa.Table:
        """The rows that made a value, oldest first.

        Raises
        ------
        FeatureError
            If the number is unknown, or the feature is a formula over several others or comes with the question.
        MergedError
            If the customer had been merged into another by then.
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
        entity = self.ids(widest.log.entity, [key])[0]
        self.refuse_merged(widest.log.entity, [key], micros_of(as_of), self.records.merges())
        return rows_behind(self.history.reader(widest.log), widest, entity, micros_of(as_of))

    def ids(self, entity: Entity | str, keys: Sequence[Key]) -> Ints:
        """Record ids of numbers; codes of tuples of numbers for a composite entity.

        Raises
        ------
        FeatureError
            If a number is unknown, or the keys are a bare text.
        """
        kind = entity_named(entity)
        numbers = self.history.keys.numbers(kind.name)
        named = numbers_of(kind, keys)
        known = dict(zip(numbers.column("number").to_pylist(), numbers.column("id").to_pylist(), strict=True))
        missing = [key for key in named if key not in known]
        if missing:
            wanted = " and ".join(f"a {item.number}" for item in kind.heads)
            raise FeatureError(
                f"no {kind.name} has the number {missing[0]!r}; {wanted} of the records is expected; correct it"
            )
        return np.array([known[key] for key in named], np.int64)

    def refuse_merged(self, entity: Entity | str, keys: Iterable[Key], at: int, merges: Merges) -> None:
        """Refuse numbers of customers whom a merge had taken, as was known before a moment.

        Raises
        ------
        MergedError
            Naming who stays of each.
        """
        kind = entity_named(entity)
        if merges and customer in kind.heads:
            place = kind.heads.index(customer)
            numbers = [key if isinstance(key, str) else key[place] for key in keys]
            found = {number: survivor for number in numbers if (survivor := merges.of(number, at)) is not None}
            if found:
                raise MergedError(found)

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


def entity_named(entity: Entity | str) -> Entity:
    """An entity by itself or by its name; FeatureError if there is none."""
    if isinstance(entity, Entity):
        return entity
    if entity not in ENTITIES:
        raise FeatureError(f"the entity {entity!r} is unknown; one of {', '.join(ENTITIES)} is expected; correct it")
    return ENTITIES[entity]


def numbers_of(entity: Entity, keys: Iterable[Key]) -> list[str]:
    """The texts by which the entities of some keys are found; FeatureError if the keys are no list of them."""
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        one = f"the text {keys!r}" if isinstance(keys, str) else repr(keys)
        raise FeatureError(f"the keys of {entity.table} are {one}; a list of them is expected; write [{keys!r}]")
    return [entity.number_of(key) for key in keys]


def is_spark(engine: str) -> bool:
    """Whether an engine is Spark; FeatureError if it is neither."""
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
