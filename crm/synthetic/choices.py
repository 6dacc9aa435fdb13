"""What customers have told about themselves: consents and a few attributes of this company's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic.people import People
from crm.synthetic.tables import chosen, keys, moments, table
from crm.synthetic.world import DAY, World

SHARES = {
    ("marketing", "email"): 0.85,
    ("marketing", "phone"): 0.4,
    ("marketing", "post"): 0.6,
    ("profiling", "any"): 0.8,
}
STORES = ("harbour", "old town", "station")


def tables(world: World, people: People) -> dict[str, Any]:
    """The files ``consents`` (one row for each decision; some people never decided) and ``attributes``."""
    random, count = world.random("choices"), world.customers
    parts = []
    for (purpose, channel), share in SHARES.items():
        asked = np.flatnonzero(random.random(count) < share)
        granted = random.random(len(asked)) < 0.85
        at = people.joined[asked] + random.integers(60, DAY, len(asked))
        regret = np.flatnonzero(granted & (random.random(len(asked)) < 0.1))
        withdrawn = at[regret] + random.integers(30 * DAY, 500 * DAY, len(regret))
        parts.append((purpose, channel, asked, np.where(granted, 0, 1), at))
        parts.append((purpose, channel, asked[regret], np.full(len(regret), 2), withdrawn))
    customer = np.concatenate([item[2] for item in parts])
    decision = np.concatenate([item[3] for item in parts])
    at = np.concatenate([item[4] for item in parts])
    sizes = [len(item[2]) for item in parts]
    kept = at < world.stop
    consents = (
        table(
            {
                "consent_no": keys("Z", np.arange(len(at))),
                "customer_no": keys("K", customer),
                "purpose": np.repeat([item[0] for item in parts], sizes),
                "channel": np.repeat([item[1] for item in parts], sizes),
                "decision": chosen(("granted", "denied", "withdrawn"), decision),
                "happened_at": moments(at),
            }
        )
        .filter(pa.array(kept))
        .take(pa.array(np.argsort(at[kept], kind="stable")))
    )
    return {"consents": consents, "attributes": _attributes(people, random)}


def _attributes(people: People, random: np.random.Generator) -> Any:
    """Household size (persons only, some silent), the shop they like, and whether they read the letter."""
    count = len(people.segment)
    silent = people.business | (random.random(count) < 0.2)
    shop = np.where(random.random(count) < 0.3, -1, random.integers(0, len(STORES), count))
    return pa.table(
        {
            "customer_no": keys("K", np.arange(count)),
            "household_size": pa.array(1 + random.binomial(5, 0.3, count), mask=silent),
            "preferred_shop": chosen(STORES, shop),
            "reads_letter": pa.array(random.random(count) < 0.3 + 0.5 * people.of("click")),
        }
    )
