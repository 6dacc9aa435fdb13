"""What a lead is: where it came from, and every custom attribute that a source has declared."""

from crm.schema import AttributeValue, Lead
from features import FeatureView, attributes, lead, states

who = states(Lead, entity=lead)

view = FeatureView(
    entity=lead,
    dynamic=attributes(AttributeValue, entity=lead),
    lead_source=who.source.latest().called("where the lead came from"),
    days_since_created=who.created_at.age().called("days since the lead was created"),
)
