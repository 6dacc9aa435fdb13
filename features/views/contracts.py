"""What contracts a customer has. Source: subscriptions, at the moments of their beginning and end."""

from crm.schema import Subscription
from features import FeatureView, customer, days, events, expression, lifetime

started = events(Subscription, entity=customer, at="started_at")
ended = events(Subscription, entity=customer, at="ended_at")

view = FeatureView(
    entity=customer,
    started=started.count(days(90) + lifetime).called("contracts begun"),
    ended=ended.count(days(90) + lifetime).called("contracts ended"),
    running=expression("started - ended").called("running contracts"),
    days_since_started=started.time_since_last().called("days since the last contract began"),
    days_since_first_started=started.time_since_first().called("days since the first contract began"),
    days_since_ended=ended.time_since_last().called("days since the last contract ended"),
    monthly_amount=started.monthly_amount.last().called("monthly amount of the last contract"),
    plan=started.plan.last().called("plan of the last contract"),
)
