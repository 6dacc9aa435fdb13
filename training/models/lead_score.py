"""Lead score: does a lead convert? As a source states it, else by conversions in time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crm.clock import DAY
from crm.schema import Lead
from features import events, lead
from features.store import FeatureStore
from scoring import Floats
from training.cutoffs import Pace
from training.forms import Course, Stated, counted
from training.policies import BandNames, Costs
from training.problem import Population, Rule
from training.question import Question

STATE = ("lead_state:conversions", "lead_state:closings")
OPEN = "(lead_state__conversions == 0) * (lead_state__closings == 0)"
converted = events(Lead, entity=lead, at="converted_at").count()


def converts(store: FeatureStore, spine: pd.DataFrame, horizon_days: int) -> Floats:
    """A conversion within the horizon."""
    return np.asarray(counted(converted, store, spine, horizon_days) > 0, dtype=np.float64)


stated = Stated(
    label="converted",
    outcome="a lead converts, as its source states it",
    words="Whether a lead converted is what {sources} states.",
    whom="open leads that the source describes",
    state=STATE,
    open=OPEN,
)
in_time = Course(
    horizon_days=60,
    first="SELECT min(occurred_at) AS first FROM leads_versions",
    told_by=converted,
    happens=converts,
    population=Population(OPEN, STATE, "open leads"),
    outcome="an open lead converts in the {days} days after",
    words="Conversions carry times, so a lead is judged by whether it converts within {days} days.",
    pace=Pace(most=30, widest=14 * DAY, judged=4),  # leads come and go within weeks
)

model = Question(
    name="lead_score",
    entity="lead",
    title="Lead score",
    views=("lead_activity:*", "lead_attributes:*"),
    forms=(stated, in_time),
    rests_on=("leads",),
    needs="leads with a course, or an imported label 'converted',",
    rule=Rule("lead_attributes:lead_source", "the conversion rate of the lead's source"),
    costs=Costs(
        1.0, 20.0, 0.25, "a call costs 1, a conversion is worth 20, and a call makes one in four of them happen"
    ),
    bands=BandNames((("D", 0.4), ("C", 0.3), ("B", 0.2), ("A", 0.1))),
    phrases={
        "lead_activity:days_since_last_touch": "was last in touch {value} ago",
        "lead_activity:days_since_first_touch": "was first in touch {value} ago",
        "lead_activity:last_touch": "last touch was {value}",
        "lead_attributes:days_since_created": "came {value} ago",
        "lead_attributes:lead_source": "came through {value}",
    },
    has_deals=True,
    limits=(
        "It says who is likely to convert, not whose conversion a call would bring about.",
        "What a lead is expected to bring is its probability times what converted leads brought on average.",
        "It has not seen leads from sources that are new since it was trained; their rate is taken as average.",
    ),
)
