"""How a product sells and is looked at."""

from crm.schema import Event, OrderLine
from features import FeatureView, days, events, product, ratio

lines = events(OrderLine, entity=product)
sales = lines.where(lines.kind == "sale")
web = events(Event, entity=product)

view = FeatureView(
    entity=product,
    buyers=sales.customer_id.nunique(days(30, 90)).called("different buyers"),
    units=sales.quantity.sum(days(30, 90)).called("units sold"),
    revenue=lines.amount.sum(days(90)).called("revenue"),
    returns=lines.where(lines.kind == "return").count(days(90)).called("lines returned"),
    days_since_last_sale=sales.time_since_last().called("days since the last sale"),
    looks=web.count(days(30)).called("times looked at"),
    trend=ratio("units_30d", "units_90d").called("share of three months' units sold in the last 30 days"),
)
