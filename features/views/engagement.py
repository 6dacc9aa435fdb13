"""How a customer engages: visits to site and app, and answers to campaigns."""

from crm.schema import CampaignEvent, Event
from features import FeatureView, customer, days, events, ratio

web = events(Event, entity=customer)
mails = events(CampaignEvent, entity=customer)

view = FeatureView(
    entity=customer,
    events=web.count(days(7, 30, 90)).called("visits and clicks"),
    product_views=web.where(web.type.is_in(["product_view", "view"])).count(days(30, 90)).called("products looked at"),
    baskets=web.where(web.type.is_in(["add_to_basket", "add_to_cart"])).count(days(30, 90)).called("baskets filled"),
    searches=web.where(web.type == "search").count(days(90)).called("searches"),
    logins=web.where(web.type == "login").count(days(30, 90)).called("logins"),
    products_seen=web.product_id.nunique(days(90)).called("different products looked at"),
    average_value=web.value.mean(days(365)).called("average rating or value of an event"),
    days_since_last_event=web.time_since_last().called("days since the last visit"),
    channel=web.channel.mode(days(90)).called("channel used most"),
    mails_sent=mails.where(mails.type == "sent").count(days(180)).called("campaign messages sent"),
    mails_opened=mails.where(mails.type == "opened").count(days(180)).called("campaign messages opened"),
    mails_clicked=mails.where(mails.type == "clicked").count(days(180)).called("campaign messages clicked"),
    unsubscribed=mails.where(mails.type == "unsubscribed").count(days(365)).called("unsubscriptions"),
    visit_trend=ratio("events_30d", "events_90d").called("share of three months' visits made in the last 30 days"),
    open_rate=ratio("mails_opened_180d", "mails_sent_180d").called("campaign messages opened per message sent"),
)
