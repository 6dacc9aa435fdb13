"""What an opportunity is: its own record without what the outcome fills in, and every custom attribute."""

from crm.schema import AttributeValue, Opportunity
from features import FeatureView, attributes, opportunity, states

deal = states(Opportunity, entity=opportunity)

view = FeatureView(
    entity=opportunity,
    dynamic=attributes(AttributeValue, entity=opportunity),
    deal_product=deal.product_id.latest().called("product"),
)
