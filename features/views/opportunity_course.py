"""How far an opportunity has come: opened, moved from stage to stage, closed, each by the clocks that tell it."""

from crm.schema import Opportunity, OpportunityStageChange
from features import FeatureView, days, events, lifetime, opportunity

opened = events(Opportunity, entity=opportunity, at="opened_at")
closed = events(Opportunity, entity=opportunity, at="closed_at")
moves = events(OpportunityStageChange, entity=opportunity)

view = FeatureView(
    entity=opportunity,
    openings=opened.count().called("times opened"),
    closings=closed.count().called("times closed"),
    days_since_opened=opened.time_since_last().called("days since it was opened"),
    stage_moves=moves.count(days(30) + lifetime).called("stage changes"),
    days_since_last_move=moves.time_since_last().called("days since the last stage change"),
    stage=moves.to_stage_id.last().called("stage"),
    amount=moves.new_amount.last().called("amount asked"),
    owner_moves=moves.moved_by_id.nunique().called("people who moved it"),
)
