"""What a customer buys. Source: order lines (amounts in the order's currency, tax excluded; returns are negative)."""

from crm.schema import OrderLine
from features import FeatureView, customer, days, events, lifetime, ratio

lines = events(OrderLine, entity=customer)
sales = lines.where(lines.kind == "sale")
returns = lines.where(lines.kind == "return")

view = FeatureView(
    entity=customer,
    spend=lines.amount.sum(days(30, 90, 180, 365) + lifetime).called("spend"),
    orders=sales.order_id.nunique(days(30, 90, 180, 365) + lifetime).called("orders"),
    items=sales.quantity.sum(days(90, 365)).called("items bought"),
    products=sales.product_id.nunique(days(90, 365)).called("different products bought"),
    categories=sales.category.nunique(days(365)).called("different categories bought"),
    average_line=sales.amount.mean(days(90, 365)).called("average amount of a line"),
    largest_line=sales.amount.max(days(365)).called("largest amount of a line"),
    spend_spread=sales.amount.std(days(365)).called("spread of line amounts"),
    top_category=sales.category.mode(days(365)).called("category bought most often"),
    last_category=sales.category.last().called("category bought last"),
    days_since_last_order=sales.time_since_last().called("days since the last order"),
    days_since_first_order=sales.time_since_first().called("days since the first order"),
    days_between_lines=sales.mean_gap(days(365)).called("average days between purchases"),
    returns=returns.count(days(90, 365)).called("lines returned"),
    spend_trend=ratio("spend_30d", "spend_180d").called("share of half a year's spend made in the last 30 days"),
    order_trend=ratio("orders_90d", "orders_365d").called("share of a year's orders made in the last 90 days"),
    return_share=ratio("returns_365d", "orders_365d").called("lines returned per order in the last 365 days"),
)
