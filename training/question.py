"""A yes-or-no model as its file declares it: whom, about what, in which forms, beside which rule, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from crm.clock import DAY, iso
from features.declare.measure import Measure
from scoring import Candidate, Evidence, Floats, Model
from training import binary, deals, waiting
from training.declared import answered, attributes_of, inputs_from
from training.errors import TrainingError
from training.forms import Course, Form, Posed
from training.inputs import Input
from training.lateness import late
from training.policies import BandNames, Costs
from training.problem import Problem, Rule
from training.rivalry import rescored
from training.rows import Ids
from training.spec import Context


@dataclass(frozen=True)
class Latest:
    """The latest rows whose outcome is known.

    Attributes
    ----------
    spine : pandas.DataFrame
        ``<entity>_id``, ``as_of`` (int64 µs).
    ids : ndarray of int64
    y : ndarray of float64
    as_of : int
        Moment up to which outcomes were used.
    note : str
        The same in words.
    """

    spine: pd.DataFrame
    ids: Ids
    y: Floats
    as_of: int
    note: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """A yes-or-no model; the first of its forms that the records tell is the one that it learns from.

    Attributes
    ----------
    name, entity, title : str
    views : tuple of str
        References of what it may look at.
    forms : tuple of Form
    needs : str
        What records must hold for any of the forms, for the error.
    rule : Rule
        The naive rule beside it.
    costs : Costs
    bands : BandNames
    phrases : mapping of str to str
        Words of reasons by reference, with ``{value}``.
    limits : tuple of str
        For the card.
    has_deals : bool
        Whether its entities are leads, whose outcomes bring deals.
    waits_for : Measure, optional
        The time since the first row of what the outcome is made of, where the days until it comes are told.
    on_request : bool
        Whether it is trained only when it is named.
    rests_on : tuple of str
        Tables of which one at least must hold rows for there to be anything to learn; none: whatever there is.
    """

    name: str
    entity: str
    title: str
    views: tuple[str, ...]
    forms: tuple[Form, ...]
    needs: str
    rule: Rule
    costs: Costs
    bands: BandNames
    phrases: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    has_deals: bool = False
    waits_for: Measure | None = None
    on_request: bool = False
    rests_on: tuple[str, ...] = ()
    kind: str = "binary"

    def fit(self, context: Context) -> Candidate:
        """Learn from the first form that the records tell.

        Raises
        ------
        TrainingError
            If there is none, or it teaches nothing.
        """
        inputs = self.inputs(context)
        posed = self._pose(context, inputs)
        context.progress("looking for values known too late")
        found = late(context.store, self.entity, posed.rows, [item.ref for item in inputs], seed=context.seed)
        problem = replace(self.problem(context, inputs, posed), late=found)
        return binary.fit(context.at(posed.as_of), problem, posed.rows, posed.split)

    def inputs(self, context: Context) -> list[Input]:
        """What it may look at, after bringing the history up to date."""
        context.progress("reading the records")
        context.store.refresh()
        return inputs_from(context.store, self.views, self.phrases)

    def problem(self, context: Context, inputs: Sequence[Input], posed: Posed) -> Problem:
        """The question as the framework takes it."""
        refs = [item.ref for item in inputs]
        timed = posed.horizon_days is not None
        return Problem(
            name=self.name,
            entity=self.entity,
            title=self.title,
            outcome=posed.outcome,
            form=posed.words,
            population=posed.population,
            inputs=inputs,
            rules=(self.rule,),
            costs=self.costs,
            bands=self.bands,
            answered=answered(context.records, self.entity),
            clocked=frozenset(refs) - attributes_of(context.records, self.entity) if timed else frozenset(),
            horizon_days=posed.horizon_days,
            limits=self.limits,
            declarations=context.store.declarations([*refs, *posed.population.refs]),
            settings={"horizon_days": posed.horizon_days},
            deals=self._deals(context, posed) if self.has_deals else None,
            waited=self._waited(context, posed),
        )

    def _deals(self, context: Context, posed: Posed) -> deals.Dealt:
        return deals.learn(context.records, posed.rows.take(posed.split.test), posed.as_of)

    def _waited(self, context: Context, posed: Posed) -> waiting.Waited | None:
        if self.waits_for is None or posed.horizon_days is None:
            return None
        asked = (self.waits_for, posed.rows, posed.split, posed.as_of, self.entity, posed.horizon_days)
        return waiting.learn(context.store, *asked)

    def _pose(self, context: Context, inputs: Sequence[Input]) -> Posed:
        for form in self.forms:
            posed = form.pose(context, self.name, self.entity, inputs)
            if posed is not None:
                return posed
        raise TrainingError.no_records(self.name, self.needs)

    def latest(self, context: Context) -> Latest:
        """The latest rows whose outcome is known, from which no version up to then can have learned.

        Raises
        ------
        TrainingError
            If its outcomes carry no times.
        """
        course = self.course(context)
        as_of = course.ends(context)
        at = as_of - course.horizon_days * DAY
        inputs = [item for item in self.inputs(context) if item.ref in course.population.refs]
        inputs = inputs or inputs_from(context.store, course.population.refs, {})
        rows = course.rows_at(context, self.name, self.entity, inputs, [at])
        note = f"{len(rows):,} rows as of {iso(at)[:10]}: {course.outcome.format(days=course.horizon_days)}"
        return Latest(pd.DataFrame({f"{self.entity}_id": rows.ids, "as_of": rows.as_of}), rows.ids, rows.y, as_of, note)

    def course(self, context: Context) -> Course:
        """The form with times that the records tell.

        Raises
        ------
        TrainingError
            If they tell none.
        """
        for form in self.forms:
            if isinstance(form, Course):
                if form.begins(context) is not None:
                    return form if context.horizon_days is None else replace(form, horizon_days=context.horizon_days)
            elif form.is_told(context, self.entity):
                break
        raise TrainingError.nothing_to_replay(self.name, "its outcomes are stated without a course in time")

    def evidence(self, context: Context, model: Model, candidate: Candidate) -> Evidence | None:
        """Another version's scores on the candidate's test rows; its recipe's, where these are folds."""
        return rescored(context, model, candidate, context.champion_params)
