"""What a customer and a product have to do with each other: how often and how lately this one bought that one."""

from crm.schema import Event, OrderLine
from features import FeatureView, customer_product, days, events, lifetime

lines = events(OrderLine, entity=customer_product)
sales = lines.where(lines.kind == "sale")
web = events(Event, entity=customer_product)

view = FeatureView(
    entity=customer_product,
    times_bought=sales.order_id.nunique(days(90, 365) + lifetime).called("times this customer bought this product"),
    pieces=sales.quantity.sum(days(90, 365)).called("pieces that this customer bought of this product"),
    spend=lines.amount.sum(days(365)).called("spend of this customer on this product"),
    days_since_last=sales.time_since_last().called("days since this customer last bought this product"),
    days_between=sales.mean_gap().called("average days between purchases of this product"),
    returns=lines.where(lines.kind == "return").count(days(365)).called("times this customer returned this product"),
    looks=web.count(days(30)).called("times this customer looked at this product"),
)
