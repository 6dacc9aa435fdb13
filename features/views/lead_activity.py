"""What happens with a lead: touches, visits, answers to campaigns."""

from crm.schema import CampaignEvent, Event, Interaction, LeadEvent
from features import FeatureView, days, events, lead, lifetime

steps = events(LeadEvent, entity=lead)
# changes of status tell the outcome itself
touches = steps.where(steps.to_status.is_null())
web = events(Event, entity=lead)
mails = events(CampaignEvent, entity=lead)
contacts = events(Interaction, entity=lead)

view = FeatureView(
    entity=lead,
    touches=touches.count(days(7, 30) + lifetime).called("touches"),
    touch_types=touches.type.nunique().called("kinds of touch"),
    last_touch=touches.type.last().called("last touch"),
    days_since_last_touch=touches.time_since_last().called("days since the last touch"),
    days_since_first_touch=touches.time_since_first().called("days since the first touch"),
    touch_value=touches.value.sum(days(30)).called("value of touches"),
    visits=web.count(days(7, 30)).called("visits and clicks"),
    days_since_last_visit=web.time_since_last().called("days since the last visit"),
    mails_opened=mails.where(mails.type == "opened").count(days(90)).called("campaign messages opened"),
    mails_clicked=mails.where(mails.type == "clicked").count(days(90)).called("campaign messages clicked"),
    contacts=contacts.count(days(30)).called("calls, mails and meetings"),
)
