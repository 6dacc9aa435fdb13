"""Lead score: does a lead convert? By a stated outcome where a source has one, else by conversions in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crm.clock import DAY
from crm.schema import Lead
from features import days, events, lead
from scoring import Candidate, Evidence, Floats, Model
from training import binary, stated, timeline
from training.cutoffs import Pace
from training.declared import answered, attributes_of, declarations_sha256, inputs_from
from training.errors import TrainingError
from training.inputs import Input
from training.policies import BandNames, Costs
from training.problem import Population, Problem, Rule
from training.rivalry import rescored
from training.spec import Context

VIEWS = ("lead_activity:*", "lead_attributes:*")
LABEL = "converted"
STATE = ("lead_state:conversions", "lead_state:closings")
OPEN = "(lead_state__conversions == 0) * (lead_state__closings == 0)"
RULE = Rule("lead_attributes:lead_source", "the conversion rate of the lead's source")
COSTS = Costs(1.0, 20.0, 0.25, "a call costs 1, a conversion is worth 20, and a call makes one in four of them happen")
PACE = Pace(most=30, widest=14 * DAY, judged=4)  # leads come and go within weeks
BANDS = BandNames((("D", 0.4), ("C", 0.3), ("B", 0.2), ("A", 0.1)))
PHRASES: Mapping[str, str] = {
    "lead_activity:days_since_last_touch": "was last in touch {value} ago",
    "lead_activity:days_since_first_touch": "was first in touch {value} ago",
    "lead_activity:last_touch": "last touch was {value}",
    "lead_attributes:days_since_created": "came {value} ago",
    "lead_attributes:lead_source": "came through {value}",
}
LIMITS = (
    "It says who is likely to convert, not whose conversion a call would bring about.",
    "It has not seen leads from sources that are new since it was trained; their rate is taken as average.",
)


@dataclass(frozen=True)
class LeadScore:
    """The model; `horizon_days` is how far ahead a conversion counts where the records carry time."""

    horizon_days: int = 60
    name: str = "lead_score"
    kind: str = "binary"
    entity: str = "lead"
    title: str = "Lead score"

    def fit(self, context: Context) -> Candidate:
        """Learn from stated outcomes where a source has them, else from the leads' own course."""
        context.progress("reading the records")
        context.store.refresh()
        told = stated.read(context.records, LABEL, "lead", context.as_of)
        return self._by_label(context, told) if told is not None else self._by_time(context)

    def evidence(self, context: Context, model: Model, candidate: Candidate) -> Evidence | None:
        """Another version's scores on the candidate's test rows."""
        return rescored(context, model, candidate)

    def _by_time(self, context: Context) -> Candidate:
        converted = events(Lead, entity=lead, at="converted_at").count()
        found = context.records.query("SELECT min(occurred_at) AS first FROM leads_versions")
        first = found.column("first")[0].as_py()
        if first is None:
            raise TrainingError.no_records(self.name, "leads with a course, or an imported label 'converted',")
        horizon = self.horizon_days * DAY
        as_of = context.as_of if context.as_of is not None else context.store.complete_until(converted).micros
        cutoffs = timeline.cutoffs_for(self.name, int(first), as_of, horizon, PACE)
        inputs = inputs_from(context.store, VIEWS, PHRASES)

        def converts(spine: pd.DataFrame) -> Floats:
            label = context.store.label(converted, spine, days(self.horizon_days))["label"].to_numpy(np.float64)
            return np.asarray(label > 0, dtype=np.float64)

        population = Population(OPEN, STATE, "open leads")
        context.progress(f"computing {len(inputs)} features at {len(cutoffs.all)} cutoffs")
        rows = timeline.collect(
            context.store, "lead", cutoffs.all, [item.ref for item in inputs], population, converts, name=self.name
        )
        outcome = f"an open lead converts in the {self.horizon_days} days after"
        split = timeline.divide(
            self.name, rows, cutoffs, horizon, outcome, random_split=context.random_split, seed=context.seed
        )
        form = f"Conversions carry times, so a lead is judged by whether it converts within {self.horizon_days} days."
        problem = self._problem(context, inputs, population, form, outcome=outcome, clocked=True)
        return binary.fit(context.at(as_of), problem, rows, split)

    def _by_label(self, context: Context, told: stated.Stated) -> Candidate:
        inputs = inputs_from(context.store, VIEWS, PHRASES)
        context.progress(f"computing {len(inputs)} features of {len(told.spine)} leads")
        rows = timeline.fill(context.store, "lead", told.spine, [item.ref for item in inputs], told.y)
        outcome = "a lead converts, as its source states it"
        split = stated.divide(self.name, rows, told, outcome, random_split=context.random_split, seed=context.seed)
        known = stated.population(inputs, rows, "open leads that the source describes")
        population = Population(
            " * ".join(f"({text})" for text in (OPEN, known.expression) if text), (*STATE, *known.refs), known.words
        )
        form = f"Whether a lead converted is what {' and '.join(told.sources)} states."
        problem = self._problem(context, inputs, population, form, outcome=outcome, clocked=False)
        return binary.fit(context.at(int(rows.as_of.max())), problem, rows, split)

    def _problem(
        self,
        context: Context,
        inputs: Sequence[Input],
        population: Population,
        form: str,
        *,
        outcome: str,
        clocked: bool,
    ) -> Problem:
        refs = [item.ref for item in inputs]
        attributes = attributes_of(context.records, "lead")
        return Problem(
            name=self.name,
            entity=self.entity,
            title=self.title,
            outcome=outcome,
            form=form,
            population=population,
            inputs=inputs,
            rules=(RULE,),
            costs=COSTS,
            bands=BANDS,
            answered=answered(context.records, "lead"),
            clocked=frozenset(refs) - attributes if clocked else frozenset(),
            horizon_days=self.horizon_days if clocked else None,
            limits=LIMITS,
            declarations=declarations_sha256(context.store, [*refs, *STATE]),
            settings={"horizon_days": self.horizon_days},
        )


model = LeadScore()
