"""Customer segments: stable clusters with names that stay, or the RFM rule where no clusters are better."""

from __future__ import annotations

from training.naming import Trait
from training.segmenting import Segmentation

TRAITS = (
    Trait(
        "buying:items_365d",
        "buying:orders_365d",
        "items per order",
        "bulk-buying",
        "small-basket",
        "bulk buyers",
        "small-basket buyers",
    ),
    Trait("buying:spend_365d", None, "spend in a year", "big-spending", "thrifty", "big spenders", "small spenders"),
    Trait(
        "buying:orders_365d", None, "orders in a year", "frequent", "occasional", "frequent buyers", "occasional buyers"
    ),
    Trait("engagement:events_90d", None, "visits in 90 days", "browsing", "quiet", "keen browsers", "quiet customers"),
    Trait(
        "buying:products_365d",
        "buying:orders_365d",
        "different products per order",
        "varied-basket",
        "few-product",
        "buyers of many products",
        "buyers of few products",
    ),
    Trait(
        "buying:average_line_365d",
        None,
        "average amount of a line",
        "high-value",
        "low-price",
        "high-value buyers",
        "low-price buyers",
    ),
    Trait(
        "buying:days_since_last_order",
        None,
        "days since the last order",
        "lapsing",
        "recent",
        "lapsing customers",
        "recent customers",
    ),
)

model = Segmentation(
    name="segmentation",
    title="Segments of customers",
    traits=TRAITS,
    recency="buying:days_since_last_order",
    frequency="buying:orders_365d",
    money="buying:spend_365d",
    population="buying__orders_365d > 0",
    population_refs=("buying:orders_365d",),
    population_words="customers who have ordered in the last 365 days",
)
