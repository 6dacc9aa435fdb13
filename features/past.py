"""Questions about the past: training sets, spines, labels, each as of its moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.as_of import AsOf, Moment, default_as_of, micros_of
from features.base import Base, Engine, Windows, entity_named, is_spark, used_columns
from features.catalogue import Catalogue, flat
from features.cutoffs import cutoffs
from features.declare.aggregate import Aggregate
from features.declare.attributes import resolve
from features.declare.measure import Measure
from features.declare.view import FeatureView
from features.entity import Entity
from features.errors import FeatureError
from features.hindsight import hindsight
from features.history.store import Progress
from features.labels import ImportedLabel, ends, over
from features.offline import aggregate, fill
from features.recipe import recipe
from features.spine import as_frame
from features.spines import spine_at
from features.training_set import TrainingSet
from features.training_sets import TrainingSets

TRIAL = "trial"  # the name of a view that has no file


class Past(Base):
    """What a feature store answers about moments gone by."""

    @cached_property
    def training_sets(self) -> TrainingSets:
        """The sets that were kept, by their hash."""
        return TrainingSets(self.history.folder.parent / "training_sets", self._as_arrived, self.version)

    def historical_features(
        self,
        refs: Iterable[str],
        spine: Any,
        *,
        known_before: Moment | None = None,
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
        known_before : int (µs), str, datetime or AsOf, optional
            One knowledge cutoff for all rows. Default: the row's ``as_of``.
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
            If a reference is unknown, the spine has a column of that name, or `known_before` is no moment.
        """
        frame, known = as_frame(spine), None if known_before is None else micros_of(known_before)
        wanted = self.catalogue.expand(refs)
        columns: dict[str, np.ndarray] = {}
        for entity, part in self._by_entity(wanted).items():
            if progress is not None:
                progress(entity.name, 0, len(frame))
            asked = recipe(self.catalogue, part)
            moments = self._moments(frame, entity, asked.by_log(), known, asked.inputs)
            if is_spark(engine):
                columns |= self.spark.fill(asked, moments, watermark=watermark)
            else:
                columns |= fill(self.history, asked, moments, threads=self.threads, watermark=watermark)
        clash = next((name for name in map(flat, wanted) if name in frame.columns), None)
        if clash is not None:
            raise FeatureError(f"the spine has a column {clash!r} already; a name of its own is expected; rename it")
        added = pd.DataFrame(
            {flat(ref): pd.Series(columns[ref], frame.index, columns[ref].dtype, copy=False) for ref in wanted},
            index=frame.index,
        )
        return pd.concat([frame, added], axis=1)

    def trial(self, view: FeatureView, spine: Any) -> pd.DataFrame:
        """The features of a view that no file declares yet, on the real records.

        Parameters
        ----------
        view : FeatureView
        spine : pandas.DataFrame or Arrow table
            As for `historical_features`.

        Returns
        -------
        pandas.DataFrame
            The spine, and a column for each feature under its own name.

        Raises
        ------
        DeclarationError, SpineError, FeatureError
            As a file with the view would, and `historical_features` of it.
        """
        tried = resolve(view.named(TRIAL), self.records.attributes(view.entity.name))
        store = Past(self.records, Catalogue({TRIAL: tried}), self.history, self.online.store, self.threads, self.spark)
        found = store.historical_features([f"{TRIAL}:*"], spine)
        return found.rename(columns={flat(f"{TRIAL}:{name}"): name for name in tried.fields})

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
        self, refs: Iterable[str], spine: Any, *, known_before: Moment | None = None, **labels: Any
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
        known = None if known_before is None else micros_of(known_before)
        return self.training_sets.make(wanted, spine, arrived, known, **labels)

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

    def entities_at(self, entity: Entity | str, as_of: Moment) -> pd.DataFrame:
        """Every entity known at a moment, as a spine; a customer merged into another by then is none any more."""
        return self._spine(entity, [micros_of(as_of)], None)

    def every(
        self, period: str | Windows, entity: Entity | str, since: Moment, until: Moment, active: Measure | None = None
    ) -> pd.DataFrame:
        """A spine of every entity at every cutoff, perhaps only those that were active.

        Parameters
        ----------
        period : {'day', 'week', 'month', 'quarter'} or days(…)
            Calendar periods, or a span stepping back from `until`.
        entity : Entity or str
        since, until : int (µs), str, datetime or AsOf
            Cutoffs lie in ``[since, until]``.
        active : Measure, optional
            Rows are kept where it is above 0, for example ``lines.count(days(180))``.
        """
        moments = cutoffs(period, micros_of(since), micros_of(until))
        return self._spine(entity, moments, None if active is None else active.only)

    def _spine(self, entity: Entity | str, moments: Sequence[int], active: Aggregate | None) -> pd.DataFrame:
        merges = self.records.merges()
        return spine_at(self.history, entity_named(entity), moments, active, self.threads, merges)

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
