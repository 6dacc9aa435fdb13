"""A shop whose tea drinkers are known: some of them are in a club, the others are to be found."""

from __future__ import annotations

import numpy as np

from crm import Records, SourceInfo
from crm.clock import DAY, parse
from tests.segments.shop import END, SOURCE, attribute, rows

SIZE, DRINKERS, MEMBERS = 360, 120, 60
NUMBERS = [f"K{at}" for at in range(SIZE)]
OUTSIDE = set(NUMBERS[MEMBERS:DRINKERS])
"""Tea drinkers who are not in the club."""


def fill(records: Records) -> None:
    """The first 120 buy tea, the first 60 of them are in the club; every sixth of all was drawn."""
    draw = np.random.default_rng(5)
    records.reference("currencies", rows(code=["EUR"], name=["Euro"]))
    records.reference("purposes", rows(code=["marketing"], name=["marketing"], needs_consent=[True]))
    records.declare_source(SourceInfo(name=SOURCE, complete_until=END))
    joined = [parse("2010-01-01")] * SIZE
    shared = {"source_key": NUMBERS, "occurred_at": joined, "known_at": joined}
    parties = rows(kind=["person"] * SIZE, status=["active"] * SIZE, display_name=NUMBERS, **shared)
    customers = rows(party_key=NUMBERS, customer_no=NUMBERS, kind=["b2c"] * SIZE, **shared)
    who = np.repeat(np.arange(SIZE), draw.integers(3, 9, SIZE))
    tea = np.where(who < DRINKERS, draw.random(len(who)) < 0.7, draw.random(len(who)) < 0.1)
    when = (END - draw.integers(1, 360, len(who)) * DAY).tolist()
    keys = [f"o{at}" for at in range(len(who))]
    times = {"source_key": keys, "kind": ["sale"] * len(keys), "currency": ["EUR"] * len(keys)}
    times |= {"customer_key": [NUMBERS[at] for at in who], "occurred_at": when, "known_at": when}
    orders = rows(order_no=keys, **times)
    prices = (draw.integers(5, 50, len(who)) * 10_000).tolist()
    lines = rows(
        order_key=keys,
        line_no=[1] * len(keys),
        quantity=[1.0] * len(keys),
        returned_qty=[0.0] * len(keys),
        unit_price=prices,
        amount=prices,
        category=["tea" if item else "tools" for item in tea],
        **times,
    )
    records.write({"parties": parties, "customers": customers, "orders": orders, "order_lines": lines}, source=SOURCE)
    attribute(records, "club", dict.fromkeys(NUMBERS[:MEMBERS], "gold") | {NUMBERS[-1]: "silver"})
    attribute(records, "lot", dict.fromkeys(NUMBERS[::6], "drawn"))
