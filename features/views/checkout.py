"""The basket at hand beside what the customer usually buys; its value comes with the question."""

from crm.schema import OrderLine
from features import FeatureView, customer, days, events, expression, ratio, request

lines = events(OrderLine, entity=customer)
sales = lines.where(lines.kind == "sale")

view = FeatureView(
    entity=customer,
    basket_value=request("basket_value", unit="currency units").called("value of the basket at hand"),
    spend=sales.amount.sum(days(365)).called("spend on purchases"),
    orders=sales.order_id.nunique(days(365)).called("orders"),
    average_order=ratio("spend_365d", "orders_365d", unit="money").called("average value of an order"),
    basket_to_average=ratio("basket_value", "average_order").called("the basket at hand per average order"),
    is_first=expression("orders_365d == 0", title="first order within a year"),
)
