"""The forms in which records tell an outcome: stated by a source, or read from what happened within a horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from crm.clock import DAY
from crm.records import Records
from features import days
from features.declare.measure import Measure
from features.store import FeatureStore
from scoring import Floats
from training import stated, timeline
from training.cutoffs import Pace
from training.inputs import Input
from training.problem import Population
from training.rows import Rows
from training.spec import Context
from training.splits import Split

Outcome = Callable[[FeatureStore, pd.DataFrame, int], Floats]


@dataclass(frozen=True)
class Posed:
    """A yes-or-no question as the records pose it.

    Attributes
    ----------
    rows, split
        Labelled rows and their division.
    population : Population
    outcome : str
        What the probability is of.
    words : str
        A sentence: which form the records allowed.
    as_of : int
        Up to when records were used, in microseconds.
    horizon_days : int or None
        None where the outcome has no horizon.
    """

    rows: Rows
    split: Split
    population: Population
    outcome: str
    words: str
    as_of: int
    horizon_days: int | None


class Form(Protocol):
    """One way in which records can tell an outcome."""

    def pose(self, context: Context, name: str, entity: str, inputs: Sequence[Input]) -> Posed | None:
        """The question with its rows; None where the records do not tell it in this form."""

    def is_told(self, context: Context, entity: str) -> bool:
        """Whether the records tell it in this form."""


@dataclass(frozen=True)
class Stated:
    """The outcome is an imported label.

    Attributes
    ----------
    label : str
        Its name in ``labels``.
    outcome : str
    words : str
        With ``{sources}``.
    whom : str
        Who is scored, in words.
    state : tuple of str
        References of `open`.
    open : str
        Expression that restricts the population further; empty for none.
    """

    label: str
    outcome: str
    words: str
    whom: str
    state: tuple[str, ...] = ()
    open: str = ""

    def is_told(self, context: Context, entity: str) -> bool:
        """See `Form`."""
        return stated.read(context.records, self.label, entity, context.as_of) is not None

    def pose(self, context: Context, name: str, entity: str, inputs: Sequence[Input]) -> Posed | None:
        """See `Form`."""
        told = stated.read(context.records, self.label, entity, context.as_of)
        if told is None:
            return None
        context.progress(f"computing {len(inputs)} features of {len(told.spine)} rows")
        rows = timeline.fill(context.store, entity, told.spine, [item.ref for item in inputs], told.y)
        split = stated.divide(name, rows, told, self.outcome, random_split=context.random_split, seed=context.seed)
        known = stated.population(inputs, rows, self.whom)
        both = " * ".join(f"({text})" for text in (self.open, known.expression) if text) if self.open else ""
        population = Population(both or known.expression, (*self.state, *known.refs), known.words)
        words = self.words.format(sources=" and ".join(told.sources))
        return Posed(rows, split, population, self.outcome, words, int(rows.as_of.max()), None)


@dataclass(frozen=True)
class Course:
    """The outcome is what happens within a horizon after past cutoffs.

    Attributes
    ----------
    horizon_days : int
    first : str
        A query for the moment of the first record, as ``first``.
    told_by : Measure
        What the outcome is read from; its sources say up to when everything is known.
    happens : callable
        From store, spine (``<entity>_id``, ``as_of``) and horizon in days to 0, 1, or NaN where nothing was decided.
    population : Population
    outcome, words : str
        With ``{days}``.
    pace : Pace, optional
    holds : callable, optional
        From records and the moment of the end to whether they are of this form.
    """

    horizon_days: int
    first: str
    told_by: Measure
    happens: Outcome
    population: Population
    outcome: str
    words: str
    pace: Pace | None = None
    holds: Callable[[Records], bool] = lambda _: True

    def pose(self, context: Context, name: str, entity: str, inputs: Sequence[Input]) -> Posed | None:
        """See `Form`; raises TrainingError where the history is too short or the population empty."""
        first = self.begins(context)
        if first is None:
            return None
        context.check_split(name)
        if context.horizon_days is not None and context.horizon_days != self.horizon_days:
            return replace(self, horizon_days=context.horizon_days).pose(context, name, entity, inputs)
        horizon, as_of = self.horizon_days * DAY, self.ends(context)
        cutoffs = timeline.cutoffs_for(name, first, as_of, horizon, self.pace)
        rows = self.rows_at(context, name, entity, inputs, cutoffs.all)
        outcome = self.outcome.format(days=self.horizon_days)
        split = timeline.divide(name, rows, cutoffs, horizon, outcome, seed=context.seed)
        words = self.words.format(days=self.horizon_days)
        return Posed(rows, split, self.population, outcome, words, as_of, self.horizon_days)

    def is_told(self, context: Context, entity: str) -> bool:  # noqa: ARG002 - its records name the entity themselves
        """See `Form`."""
        return self.begins(context) is not None

    def begins(self, context: Context) -> int | None:
        """The moment of the first record; None where the records are not of this form."""
        first = context.records.query(self.first).column("first")[0].as_py()
        return None if first is None or not self.holds(context.records) else int(first)

    def ends(self, context: Context) -> int:
        """The moment up to which outcomes are known."""
        return context.as_of if context.as_of is not None else context.store.complete_until(self.told_by).micros

    def rows_at(
        self, context: Context, name: str, entity: str, inputs: Sequence[Input], moments: Sequence[int]
    ) -> Rows:
        """Everybody in the population at each moment, with features as of then and what happened afterwards."""
        context.progress(f"computing {len(inputs)} features at {len(moments)} cutoffs")
        store, refs = context.store, [item.ref for item in inputs]

        def happens(spine: pd.DataFrame) -> Floats:
            return self.happens(store, spine, self.horizon_days)

        return timeline.collect(store, entity, moments, refs, self.population, happens, name=name)


def counted(measure: Measure, store: FeatureStore, spine: pd.DataFrame, horizon_days: int) -> Floats:
    """How often something happens within the horizon after each row's moment."""
    return store.label(measure, spine, days(horizon_days))["label"].to_numpy(np.float64)
