"""Churn: does a customer leave? By contract where a source states it, else by no purchase within the horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crm.clock import DAY
from crm.schema import OrderLine
from features import customer, days, events
from scoring import Candidate, Evidence, Floats, Model
from training import binary, stated, timeline
from training.declared import answered, attributes_of, declarations_sha256, inputs_from
from training.errors import TrainingError
from training.inputs import Input
from training.policies import BandNames, Costs
from training.problem import Population, Problem, Rule
from training.rivalry import rescored
from training.spec import Context

VIEWS = ("buying:*", "engagement:*", "service:*", "profile:*", "customer_attributes:*")
LABEL = "churn"
BOUGHT = Population(
    "buying__orders_365d > 0", ("buying:orders_365d",), "customers who have bought in the last 365 days"
)
RULE = Rule("buying:days_since_last_order", "the longest without an order first")
COSTS = Costs(1.0, 30.0, 0.1, "a contact costs 1, a customer kept is worth 30, and one contact in ten keeps a leaver")
BANDS = BandNames((("low", 0.5), ("medium", 0.3), ("high", 0.15), ("very high", 0.05)))
PHRASES: Mapping[str, str] = {
    "buying:days_since_last_order": "has not ordered for {value}",
    "buying:days_since_first_order": "first ordered {value} ago",
    "buying:days_between_lines": "usually orders every {value}",
    "engagement:days_since_last_event": "has not visited for {value}",
    "service:days_since_last_ticket": "last needed service {value} ago",
    "profile:tenure": "has been a customer for {value}",
}
LIMITS = (
    "It says who is likely to leave, not whom a contact would keep: measure that with a hold-out.",
    "It knows nothing of what is not in the records: prices elsewhere, moves, illness.",
)


@dataclass(frozen=True)
class Churn:
    """The model; `horizon_days` is how long without a purchase counts as left."""

    horizon_days: int = 90
    name: str = "churn"
    kind: str = "binary"
    entity: str = "customer"
    title: str = "Churn"

    def fit(self, context: Context) -> Candidate:
        """Learn from stated outcomes where a source has them, else from purchases and their absence."""
        context.progress("reading the records")
        context.store.refresh()
        told = stated.read(context.records, LABEL, "customer", context.as_of)
        return self._by_label(context, told) if told is not None else self._by_purchases(context)

    def evidence(self, context: Context, model: Model, candidate: Candidate) -> Evidence | None:
        """Another version's scores on the candidate's test rows."""
        return rescored(context, model, candidate)

    def _by_purchases(self, context: Context) -> Candidate:
        sales = events(OrderLine, entity=customer)
        bought = sales.where(sales.kind == "sale").count()
        first = context.records.query("SELECT min(occurred_at) AS first FROM order_lines").column("first")[0].as_py()
        if first is None:
            raise TrainingError.no_records(self.name, "orders of customers, or an imported label 'churn',")
        horizon = self.horizon_days * DAY
        as_of = context.as_of if context.as_of is not None else context.store.complete_until(bought).micros
        cutoffs = timeline.cutoffs_for(self.name, int(first), as_of, horizon)
        inputs = inputs_from(context.store, VIEWS, PHRASES)

        def gone(spine: pd.DataFrame) -> Floats:
            label = context.store.label(bought, spine, days(self.horizon_days))["label"].to_numpy(np.float64)
            return np.asarray(label == 0, dtype=np.float64)

        context.progress(f"computing {len(inputs)} features at {len(cutoffs.all)} cutoffs")
        rows = timeline.collect(
            context.store, "customer", cutoffs.all, [item.ref for item in inputs], BOUGHT, gone, name=self.name
        )
        outcome = f"a customer does not buy in the {self.horizon_days} days after"
        split = timeline.divide(
            self.name, rows, cutoffs, horizon, outcome, random_split=context.random_split, seed=context.seed
        )
        problem = self._problem(
            context,
            inputs,
            BOUGHT,
            (
                "No source states who left, so leaving is read from purchases: "
                f"none within {self.horizon_days} days counts as left."
            ),
            outcome=outcome,
            clocked=True,
        )
        return binary.fit(context.at(as_of), problem, rows, split)

    def _by_label(self, context: Context, told: stated.Stated) -> Candidate:
        inputs = inputs_from(context.store, VIEWS, PHRASES)
        context.progress(f"computing {len(inputs)} features of {len(told.spine)} customers")
        rows = timeline.fill(context.store, "customer", told.spine, [item.ref for item in inputs], told.y)
        outcome = "a customer leaves, as its source states it"
        split = stated.divide(self.name, rows, told, outcome, random_split=context.random_split, seed=context.seed)
        population = stated.population(inputs, rows, "customers whom the source describes")
        problem = self._problem(
            context,
            inputs,
            population,
            (f"Leaving is what {' and '.join(told.sources)} states about its contracts."),
            outcome=outcome,
            clocked=False,
        )
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
        attributes = attributes_of(context.records, "customer")
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
            answered=answered(context.records, "customer"),
            clocked=frozenset(refs) - attributes if clocked else frozenset(),
            horizon_days=self.horizon_days if population is BOUGHT else None,
            limits=LIMITS,
            declarations=declarations_sha256(context.store, refs),
            settings={"horizon_days": self.horizon_days},
        )


model = Churn()
