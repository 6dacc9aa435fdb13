"""Whether a lead is still open: conversions and other ends, each by the clocks that tell when it was known."""

from crm.schema import Lead, LeadEvent
from features import FeatureView, events, lead

converted = events(Lead, entity=lead, at="converted_at")
steps = events(LeadEvent, entity=lead)

view = FeatureView(
    entity=lead,
    conversions=converted.count().called("times converted"),
    closings=steps.where(steps.to_status.is_in(["converted", "unqualified", "merged"])).count().called("times closed"),
)
