"""Next purchase: does a customer buy within the next weeks, and after how many days?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crm.schema import OrderLine
from features import customer, events
from features.store import FeatureStore
from scoring import Floats
from training.forms import Course, counted
from training.policies import BandNames, Costs
from training.problem import Population, Rule
from training.question import Question

lines = events(OrderLine, entity=customer)
sales = lines.where(lines.kind == "sale")
bought = sales.count()


def buys(store: FeatureStore, spine: pd.DataFrame, horizon_days: int) -> Floats:
    """A sale within the horizon."""
    return np.asarray(counted(bought, store, spine, horizon_days) > 0, dtype=np.float64)


model = Question(
    name="next_purchase",
    entity="customer",
    title="Next purchase",
    views=(
        "buying:*",
        "rhythm:days_between_orders",
        "rhythm:usual_wait",
        "engagement:*",
        "service:*",
        "profile:*",
        "customer_attributes:*",
    ),
    forms=(
        Course(
            horizon_days=30,
            first="SELECT min(occurred_at) AS first FROM order_lines",
            told_by=bought,
            happens=buys,
            population=Population("buying__orders > 0", ("buying:orders",), "customers who have bought before"),
            outcome="a customer buys in the {days} days after",
            words="Whoever has a sale within {days} days has bought again.",
        ),
    ),
    rests_on=("order_lines",),
    needs="orders of customers",
    rule=Rule(
        "rhythm:usual_wait", "the shortest wait first: the customer's own days between orders, or the quiet if longer"
    ),
    costs=Costs(1.0, 12.0, 0.2, "a contact costs 1, a purchase is worth 12, and one contact in five brings one about"),
    bands=BandNames((("not soon", 0.5), ("perhaps", 0.3), ("soon", 0.15), ("very soon", 0.05))),
    phrases={
        "buying:days_since_last_order": "has not ordered for {value}",
        "buying:days_since_first_order": "first ordered {value} ago",
        "buying:days_between_lines": "usually buys a line every {value}",
        "rhythm:days_between_orders": "usually orders every {value}",
        "rhythm:usual_wait": "would by habit order {value} after the last time, or has waited so long",
        "engagement:days_since_last_event": "has not visited for {value}",
        "service:days_since_last_ticket": "last needed service {value} ago",
        "profile:tenure": "has been a customer for {value}",
    },
    waits_for=sales.time_since_first(),
    on_request=True,
    limits=(
        "It says who is likely to buy, not whose purchase a contact would bring about: measure that with a hold-out.",
        "The expected day is the one by which half of customers with such a score have bought; it names no weekday.",
        "Days are those of the months that taught it: before a high season purchases come earlier than it says.",
    ),
)
