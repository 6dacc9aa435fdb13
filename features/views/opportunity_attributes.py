"""What an opportunity is: its own record without what the outcome fills in, and every custom attribute."""

from crm.schema import AttributeValue, Opportunity, OpportunityStageChange
from features import FeatureView, attributes, days, events, opportunity, states

deal = states(Opportunity, entity=opportunity)
moves = events(OpportunityStageChange, entity=opportunity)

view = FeatureView(
    entity=opportunity,
    dynamic=attributes(AttributeValue, entity=opportunity),
    deal_product=deal.product_id.latest().called("product"),
    days_since_opened=deal.opened_at.age().called("days since the deal was opened"),
    stage_moves=moves.count(days(30)).called("stage changes"),
    days_since_last_move=moves.time_since_last().called("days since the last stage change"),
)
