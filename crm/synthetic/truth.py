"""What really is, which the export does not tell: for tests that state what a model must find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic import signals
from crm.synthetic.catalogue import Catalogue
from crm.synthetic.leads import Leads
from crm.synthetic.life import ACTIVE, FADING, GONE, Life, fade_probability, order_rates, season, segment_names
from crm.synthetic.people import People
from crm.synthetic.tables import chosen, keys
from crm.synthetic.world import WEEK, Floats, World

HORIZON_WEEKS = 13


def no_order_probability(world: World, people: People, life: Life, week: int) -> Floats:
    """Probability of no order in the 13 weeks from `week` on, for one who sees each customer's state and rate.

    No model can see these; it is the most that any could know, campaigns to come apart.
    """
    state = life.states[week]
    silent = np.zeros((len(state), 4))
    silent[np.arange(len(state)), state] = 1.0
    rates = np.stack([order_rates(people, np.full(len(state), item, dtype=np.int8)) for item in range(4)], axis=1)
    trouble, recency = life.trouble[week].copy(), life.recency[week]
    factor = season(world)
    for step in range(HORIZON_WEEKS):
        silent *= np.exp(-rates * factor[min(week + step, world.weeks - 1)])
        trouble *= signals.TROUBLE_MEMORY
        fade = fade_probability(people, trouble, recency + step + 1)
        active, fading, gone = silent[:, ACTIVE].copy(), silent[:, FADING].copy(), silent[:, GONE].copy()
        silent[:, ACTIVE] += signals.FADING_TO_ACTIVE * fading + signals.GONE_TO_ACTIVE * gone - fade * active
        silent[:, FADING] += fade * active - (signals.FADING_TO_GONE + signals.FADING_TO_ACTIVE) * fading
        silent[:, GONE] += signals.FADING_TO_GONE * fading - signals.GONE_TO_ACTIVE * gone
    probability: Floats = silent.sum(axis=1)
    return probability


def churn(world: World, people: People, life: Life) -> Any:
    """For each customer at four moments a quarter apart: true probability of silence, and whether silence came.

    Columns: customer_no string, as_of int64 µs, state string, weeks_since_order int64, probability float64,
    silent bool. Only customers who have joined by then.
    """
    parts = []
    ordered = np.zeros((world.weeks, world.customers), dtype=bool)
    ordered[life.order_week, life.order_customer] = True
    for quarter in range(4, 0, -1):
        week = world.weeks - HORIZON_WEEKS * quarter
        who = np.flatnonzero(people.week < week)
        parts.append(
            pa.table(
                {
                    "customer_no": keys("K", who),
                    "as_of": np.full(len(who), (world.start + week * WEEK) * 1_000_000),
                    "state": chosen(("away", "active", "fading", "gone"), life.states[week, who].astype(np.int64)),
                    "weeks_since_order": life.recency[week, who],
                    "probability": no_order_probability(world, people, life, week)[who],
                    "silent": ~ordered[week : week + HORIZON_WEEKS, who].any(axis=0),
                }
            )
        )
    return pa.concat_tables(parts)


def tables(world: World, people: People, catalogue: Catalogue, life: Life, leads: Leads) -> dict[str, Any]:
    """The truths ``customers``, ``products``, ``churn`` and ``leads``.

    Columns of customers: customer_no, segment, rate (orders a week while active), state (at the end), clusters,
    favourites (product numbers); of products: product_no, cluster; of leads: lead_no, intent, probability, converts.
    """
    flat = np.arange(0, people.favourites.size + 1, people.favourites.shape[1], dtype=np.int32)
    customers = pa.table(
        {
            "customer_no": keys("K", np.arange(world.customers)),
            "segment": chosen(segment_names(), people.segment),
            "rate": people.rate,
            "state": chosen(("away", "active", "fading", "gone"), life.states[-1].astype(np.int64)),
            "clusters": pa.array(people.clusters.tolist()),
            "favourites": pa.ListArray.from_arrays(flat, keys("P", people.favourites.ravel(), 4)),
        }
    )
    return {
        "customers": customers,
        "products": pa.table(
            {"product_no": keys("P", np.arange(len(catalogue.cluster)), 4), "cluster": catalogue.cluster}
        ),
        "churn": churn(world, people, life),
        "leads": pa.table(
            {
                "lead_no": keys("L", np.arange(len(leads.intent)), 5),
                "intent": leads.intent,
                "probability": leads.probability,
                "converts": leads.converts,
            }
        ),
    }


def auc(score: Floats, outcome: Any) -> float:
    """Area under the curve of a score, ties counted half.

    Examples
    --------
    >>> auc(np.array([0.1, 0.4, 0.8]), np.array([False, True, True]))
    1.0
    """
    outcome = np.asarray(outcome, dtype=bool)
    values, place, sizes = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    positive = int(outcome.sum())
    negative = len(values[place]) - positive
    return float((ranks[outcome].sum() - positive * (positive + 1) / 2) / (positive * negative))
