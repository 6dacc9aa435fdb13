"""Churn: does a customer leave? As a source states it, else by the end of contracts, else by no purchase."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crm.records import Records
from crm.schema import OrderLine, Subscription
from features import customer, events
from features.store import FeatureStore
from scoring import Floats
from training.forms import Course, Stated, counted
from training.policies import BandNames, Costs
from training.problem import Population, Rule
from training.question import Question

sales = events(OrderLine, entity=customer)
bought = sales.where(sales.kind == "sale").count()
ended = events(Subscription, entity=customer, at="ended_at").count()

CONTRACTED = """
SELECT count(DISTINCT s.customer_id) AS contracted, count(DISTINCT c.id) AS customers
FROM customers c LEFT JOIN subscriptions s ON s.customer_id = c.id
"""


def stops_buying(store: FeatureStore, spine: pd.DataFrame, horizon_days: int) -> Floats:
    """No sale within the horizon."""
    return np.asarray(counted(bought, store, spine, horizon_days) == 0, dtype=np.float64)


def ends_contract(store: FeatureStore, spine: pd.DataFrame, horizon_days: int) -> Floats:
    """A contract ends within the horizon."""
    return np.asarray(counted(ended, store, spine, horizon_days) > 0, dtype=np.float64)


def is_contractual(records: Records) -> bool:
    """Whether most customers have, or had, a contract."""
    found = records.query(CONTRACTED).to_pylist()[0]
    return bool(2 * found["contracted"] > found["customers"])


stated = Stated(
    label="churn",
    outcome="a customer leaves, as its source states it",
    words="Leaving is what {sources} states about its contracts.",
    whom="customers whom the source describes",
)
by_contract = Course(
    horizon_days=90,
    first="SELECT min(started_at) AS first FROM subscriptions",
    told_by=ended,
    happens=ends_contract,
    population=Population("contracts__running > 0", ("contracts:running",), "customers with a running contract"),
    outcome="a customer ends a contract in the {days} days after",
    words="Most customers have contracts, so leaving is the end of one within {days} days.",
    holds=is_contractual,
)
by_purchases = Course(
    horizon_days=90,
    first="SELECT min(occurred_at) AS first FROM order_lines",
    told_by=bought,
    happens=stops_buying,
    population=Population(
        "buying__orders_365d > 0", ("buying:orders_365d",), "customers who have bought in the last 365 days"
    ),
    outcome="a customer does not buy in the {days} days after",
    words=(
        "No source states who left and few have contracts, so leaving is read from purchases: none within {days} days "
        "counts as left."
    ),
)

model = Question(
    name="churn",
    entity="customer",
    title="Churn",
    views=("buying:*", "engagement:*", "service:*", "contracts:*", "profile:*", "customer_attributes:*"),
    forms=(stated, by_contract, by_purchases),
    rests_on=("order_lines", "subscriptions", "labels"),
    needs="orders or subscriptions of customers, or an imported label 'churn',",
    rule=Rule("buying:days_since_last_order", "the longest without an order first"),
    costs=Costs(
        1.0, 30.0, 0.1, "a contact costs 1, a customer kept is worth 30, and one contact in ten keeps a leaver"
    ),
    bands=BandNames((("low", 0.5), ("medium", 0.3), ("high", 0.15), ("very high", 0.05))),
    phrases={
        "buying:days_since_last_order": "has not ordered for {value}",
        "buying:days_since_first_order": "first ordered {value} ago",
        "buying:days_between_lines": "usually orders every {value}",
        "engagement:days_since_last_event": "has not visited for {value}",
        "service:days_since_last_ticket": "last needed service {value} ago",
        "contracts:days_since_started": "has had a contract for {value}",
        "profile:tenure": "has been a customer for {value}",
    },
    limits=(
        "It says who is likely to leave, not whom a contact would keep: measure that with a hold-out.",
        "It knows nothing of what is not in the records: prices elsewhere, moves, illness.",
    ),
)
