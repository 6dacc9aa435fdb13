"""What customers do on the site and in the app."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic.catalogue import PRODUCTS, Catalogue
from crm.synthetic.life import Life
from crm.synthetic.people import People
from crm.synthetic.shop import in_cluster
from crm.synthetic.tables import chosen, keys, moments, table
from crm.synthetic.world import DAY, World

TYPES = ("page_view", "product_view", "add_to_basket", "search", "login")


def tables(world: World, people: People, catalogue: Catalogue, life: Life) -> dict[str, Any]:
    """The file ``web_events``; one in thirty comes from a phone that was offline and is known days later.

    One visitor in twenty is not recognised: the event has an anonymous id and no customer.
    """
    random, count = world.random("web"), len(life.web_week)
    at = world.within_week(life.web_week, random)
    customer = life.web_customer
    app = random.random(count) < 0.3
    if world.drift_from is not None:
        app |= (at >= world.drift_from) & (random.random(count) < 0.6)
    late = app & (random.random(count) < 0.1)
    known = at + np.where(late, random.integers(6 * 3600, 5 * DAY, count), random.integers(0, 60, count))
    kind = random.choice(len(TYPES), count, p=[0.38, 0.34, 0.08, 0.1, 0.1])
    preferred = people.clusters[customer, random.choice(3, count, p=[0.6, 0.28, 0.12])]
    product = np.where(
        random.random(count) < 0.7,
        in_cluster(catalogue, preferred, random),
        random.integers(0, PRODUCTS, count),
    )
    unseen = random.random(count) < 0.05
    shown = np.isin(kind, (1, 2))
    built = table(
        {
            "event_no": keys("E", np.arange(count), 7),
            "type": chosen(TYPES, kind),
            "anonymous_id": keys("v", customer * 7 % 1_000_003),
            "customer_no": keys("K", pa.array(customer, mask=unseen)),
            "product_no": keys("P", pa.array(product, mask=~shown), 4),
            "session_no": keys("s", life.web_week * world.customers + customer, 8),
            "channel": chosen(("web", "app"), app.astype(np.int64)),
            "happened_at": moments(at),
            "known_at": moments(known),
        },
        order=known,
    )
    return {"web_events": built.slice(0, int((known < world.stop).sum()))}
