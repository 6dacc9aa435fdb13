"""How regularly a customer buys: days between orders, beside how long it has been quiet. Source: order lines."""

from crm.schema import OrderLine
from features import FeatureView, customer, events, expression

lines = events(OrderLine, entity=customer)
sales = lines.where(lines.kind == "sale")

view = FeatureView(
    entity=customer,
    orders=sales.order_id.nunique().called("orders so far"),
    days_since_last=sales.time_since_last().called("days of quiet since the last order"),
    days_since_first=sales.time_since_first().called("days since the very first order"),
    days_between_orders=expression(
        "(days_since_first - days_since_last) / (orders - 1)", unit="days", title="average days from order to order"
    ),
    usual_wait=expression(
        "fmax(days_between_orders, days_since_last)",
        unit="days",
        title="the longer of the average days from order to order and the days of quiet",
    ),
)
