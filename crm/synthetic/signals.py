"""What is planted in the synthetic company, in numbers: what a model trained on it must find.

* **Segments.** Every customer is of one of the five kinds in `SEGMENTS`, which differ in how often they buy, how
  much, how they browse, how they react to mail and how often they need service.
* **Churn.** A customer is active, fading or gone. Active customers begin to fade with a weekly probability of
  ``fade * exp(RECENCY_EFFECT * recency) + TROUBLE_HAZARD * trouble``, recency being the weeks since the last order in
  units of the customer's own mean gap and trouble the recent service failures (a sum that keeps `TROUBLE_MEMORY` of
  itself a week), both at most 3. A fading customer browses and buys less (`FADING_WEB`, `FADING_ORDERS`),
  and is gone after about seven weeks, unless he recovers.
* **Leads.** ``logit P(convert) = LEAD_BASE + source + LEAD_INTENT * intent + LEAD_SIZE * size``; the unseen intent
  also drives how often, and with what, a lead gets in touch.
* **Affinities.** The products form clusters of `CLUSTER_SIZE` that are bought together and cut across the categories;
  every customer prefers three clusters and has six favourite products that are bought again and again.
* **Drift**, on demand: from `DRIFT_DAYS` before the end all prices are 1.6 times as high and the app takes over from
  the shop.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """One kind of customer.

    Attributes
    ----------
    name : str
    share : float
        Share of the customers.
    orders : float
        Orders a week while active.
    lines, pieces : float
        Mean lines of an order, mean pieces of a line.
    discount : float
        Share of the list price that is taken off.
    web : float
        Web events a week while active.
    click : float
        Probability of a click on an opened mail.
    tickets : float
        Tickets a week while active, more after an order.
    fade : float
        Weekly probability of beginning to fade, without trouble.
    returns : float
        Share of the lines that are sent back.
    business : bool
        Whether these customers are firms.
    """

    name: str
    share: float
    orders: float
    lines: float
    pieces: float
    discount: float
    web: float
    click: float
    tickets: float
    fade: float
    returns: float
    business: bool = False


SEGMENTS = (
    Segment("bulk", 0.08, 0.10, 4.0, 12.0, 0.15, 0.08, 0.10, 0.015, 0.004, 0.02, business=True),
    Segment("loyal", 0.16, 0.17, 3.6, 1.6, 0.00, 0.28, 0.45, 0.008, 0.003, 0.03),
    Segment("bargain", 0.24, 0.09, 2.0, 1.3, 0.35, 0.20, 0.60, 0.008, 0.009, 0.12),
    Segment("occasional", 0.34, 0.033, 3.0, 1.8, 0.00, 0.02, 0.08, 0.004, 0.007, 0.03),
    Segment("browser", 0.18, 0.03, 1.3, 1.0, 0.05, 0.45, 0.25, 0.005, 0.010, 0.06),
)

TROUBLE_HAZARD = 0.06
TROUBLE_MEMORY = 0.85
RECENCY_EFFECT = 0.35
FADING_ORDERS = 0.35
FADING_WEB = 0.30
GONE_ORDERS = 0.01
GONE_WEB = 0.05
FADING_TO_GONE = 0.15
FADING_TO_ACTIVE = 0.03
GONE_TO_ACTIVE = 0.002
CAMPAIGN_LIFT = 1.3
HOLDOUT_SHARE = 0.1

LEAD_BASE = -1.9
LEAD_INTENT = 1.1
LEAD_SIZE = 0.4
LEAD_SOURCES = {
    "referral": (0.12, 1.3),
    "partner": (0.10, 0.8),
    "web": (0.34, 0.3),
    "event": (0.14, 0.0),
    "ads": (0.20, -0.5),
    "bought_list": (0.10, -1.5),
}

CATEGORIES = (
    "Lamps",
    "Candles",
    "Kitchen",
    "Garden",
    "Stationery",
    "Toys",
    "Textiles",
    "Storage",
    "Travel",
    "Seasonal",
)
CLUSTERS = 20
CLUSTER_SIZE = 20
FAVOURITES = 6
LINE_FROM_FAVOURITES = 0.30
LINE_FROM_CLUSTER = 0.50

DRIFT_DAYS = 61
DRIFT_PRICE = 1.6
CHANNELS = ("web", "app", "shop", "phone")
