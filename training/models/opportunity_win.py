"""Opportunity win: is an open opportunity won rather than lost?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crm.clock import DAY
from crm.schema import Opportunity
from features import events, opportunity
from features.store import FeatureStore
from scoring import Floats
from training.cutoffs import Pace
from training.forms import Course, counted
from training.policies import BandNames, Costs
from training.problem import Population, Rule
from training.question import Question

ends = events(Opportunity, entity=opportunity, at="closed_at")
won = ends.where(ends.outcome == "won").count()
lost = ends.where(ends.outcome == "lost").count()
closed = ends.count()


def is_won(store: FeatureStore, spine: pd.DataFrame, horizon_days: int) -> Floats:
    """Won 1, lost 0, and nothing where it is still open after the horizon."""
    wins = counted(won, store, spine, horizon_days)
    losses = counted(lost, store, spine, horizon_days)
    return np.where(wins > 0, 1.0, np.where(losses > 0, 0.0, np.nan))


model = Question(
    name="opportunity_win",
    entity="opportunity",
    title="Opportunity win",
    views=("opportunity_course:*", "opportunity_attributes:*"),
    rests_on=("opportunities",),
    forms=(
        Course(
            horizon_days=90,
            first="SELECT min(opened_at) AS first FROM opportunities",
            told_by=closed,
            happens=is_won,
            population=Population(
                "(opportunity_course__openings > 0) * (opportunity_course__closings == 0)",
                ("opportunity_course:openings", "opportunity_course:closings"),
                "open opportunities",
            ),
            outcome="an open opportunity that is decided in the {days} days after is won",
            words="Opportunities that are still open after {days} days say nothing yet and are left out.",
            pace=Pace(most=30, widest=14 * DAY, judged=4),
        ),
    ),
    needs="opportunities that were won and lost, with the moments of opening and closing,",
    rule=Rule("opportunity_attributes:deal_product", "the win rate of the product"),
    costs=Costs(1.0, 40.0, 0.1, "an hour costs 1, a win is worth 40, and an hour more wins one in ten"),
    bands=BandNames((("unlikely", 0.3), ("open", 0.4), ("likely", 0.3))),
    phrases={
        "opportunity_course:days_since_opened": "was opened {value} ago",
        "opportunity_course:days_since_last_move": "last changed stage {value} ago",
    },
    limits=("It says what is likely to be won, not what an hour more would turn.",),
)
