"""Leads: where they come from, what they do, and how they end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic import names
from crm.synthetic.people import INDUSTRIES, SIZES
from crm.synthetic.signals import LEAD_BASE, LEAD_INTENT, LEAD_SIZE, LEAD_SOURCES
from crm.synthetic.tables import NEVER, chosen, keys, moments, places, table
from crm.synthetic.world import DAY, WEEK, Flags, Floats, Ints, World

STATUSES = ("new", "assigned", "working", "qualified", "converted", "unqualified")
EVENTS = ("page_visit", "mail_opened", "call", "webinar", "pricing_viewed", "demo_requested")
TITLES = ("owner", "buyer", "assistant", "manager")


@dataclass(frozen=True)
class Leads:
    """Arrays over the leads.

    Attributes
    ----------
    source, size : int64[leads]
        Places in `signals.LEAD_SOURCES` and `people.SIZES`.
    intent, probability : float64[leads]
        What nobody sees, and the chance to convert that follows from it.
    converts : bool[leads]
        What happens in the end, within the export or after it.
    at : int64[statuses, leads]
        Second at which each status begins, or `tables.NEVER`.
    """

    source: Ints
    size: Ints
    intent: Floats
    probability: Floats
    converts: Flags
    at: Ints


def make(world: World) -> Leads:
    """Draw six leads for every ten customers.

    Examples
    --------
    >>> leads = make(World(customers=1000, seed=1))
    >>> bool(0.15 < leads.converts.mean() < 0.35)
    True
    """
    random, count = world.random("leads"), max(40, int(world.customers * 0.6))
    effects = np.array([effect for _, effect in LEAD_SOURCES.values()])
    source = random.choice(len(effects), count, p=[share for share, _ in LEAD_SOURCES.values()])
    size = random.choice(len(SIZES), count, p=[0.45, 0.3, 0.2, 0.05])
    intent = random.normal(0.0, 1.0, count)
    probability = 1.0 / (1.0 + np.exp(-(LEAD_BASE + effects[source] + LEAD_INTENT * intent + LEAD_SIZE * size)))
    converts = random.random(count) < probability
    created = world.start + random.integers(0, world.stop - world.start, count)
    assigned = created + random.integers(1800, 2 * DAY, count)
    working = assigned + random.integers(3600, 4 * DAY, count)
    pause = (random.gamma(3.0, 4.0, count) * DAY).astype(np.int64)
    qualified = np.where(converts | (random.random(count) < 0.2), working + pause, NEVER)
    later = np.maximum(working + pause, working) + (random.gamma(3.0, 5.0, count) * DAY).astype(np.int64) + 2 * DAY
    at = np.stack(
        [
            created,
            assigned,
            working,
            qualified,
            np.where(converts, later, NEVER),
            np.where(converts, NEVER, later),
        ]
    )
    return Leads(source, size, intent, probability, converts, at)


def tables(world: World, leads: Leads, won_customer: Ints) -> dict[str, Any]:
    """The files ``leads`` (a row for each status) and ``lead_events`` (activity and changes of status).

    `won_customer` names the customer that each converted lead became, or -1.
    """
    random, count = world.random("lead columns"), len(leads.source)
    firm, given = names.firms(random, count), names.words(random, count)
    industry, title = random.integers(0, len(INDUSTRIES), count), random.integers(0, len(TITLES), count)
    status, lead = places(leads.at < world.stop)
    changed = leads.at[status, lead]
    done = status == STATUSES.index("converted")
    heads = table(
        {
            "lead_no": keys("L", lead, 5),
            "name": pa.array(given[lead], type=pa.string()),
            "company_name": pa.array(firm[lead], type=pa.string()),
            "source": chosen(tuple(LEAD_SOURCES), leads.source[lead]),
            "status": chosen(STATUSES, status),
            "industry": chosen(INDUSTRIES, industry[lead]),
            "company_size": chosen(SIZES, leads.size[lead]),
            "job_title": chosen(TITLES, title[lead]),
            "created_at": moments(leads.at[0, lead]),
            "assigned_at": moments(np.where(status >= 1, leads.at[1, lead], NEVER)),
            "first_touch_at": moments(np.where(status >= 2, leads.at[2, lead], NEVER)),
            "converted_at": moments(np.where(done, changed, NEVER)),
            "customer_no": keys("K", pa.array(won_customer[lead], mask=~(done & (won_customer[lead] >= 0)))),
            "changed_at": moments(changed),
        },
        order=changed,
    )
    return {"leads": heads, "lead_events": _events(world, leads, random)}


def _events(world: World, leads: Leads, random: np.random.Generator) -> Any:
    """Activity until the lead is decided, the more (and the more telling) the higher the intent."""
    count = leads.at.shape[1]
    created: Ints = leads.at[0]
    decided = np.minimum(np.minimum(leads.at[4], leads.at[5]), world.stop)
    expected = np.exp(-0.8 + 0.6 * leads.intent) * (decided - created) / WEEK
    lead = np.repeat(np.arange(count), random.poisson(expected))
    at = created[lead] + (random.random(len(lead)) * (decided - created)[lead]).astype(np.int64)
    keen = 1.0 / (1.0 + np.exp(1.6 - 1.0 * leads.intent[lead]))
    kind = np.where(random.random(len(lead)) < keen, random.integers(4, 6, len(lead)), random.integers(0, 4, len(lead)))
    to, moved = places(leads.at < world.stop)
    before = np.array([-1, 0, 1, 2, 3, 2])[to]
    lead, at = np.concatenate([lead, moved]), np.concatenate([at, leads.at[to, moved]])
    silent = np.full(len(kind), -1)
    late = np.concatenate([np.where(kind == 3, DAY, 0), np.zeros(len(to), dtype=np.int64)])
    built = table(
        {
            "event_no": keys("LE", np.arange(len(lead))),
            "lead_no": keys("L", lead, 5),
            "type": chosen((*EVENTS, "status"), np.concatenate([kind, np.full(len(to), len(EVENTS))])),
            "from_status": chosen(STATUSES, np.concatenate([silent, before])),
            "to_status": chosen(STATUSES, np.concatenate([silent, to])),
            "happened_at": moments(at),
            "known_at": moments(at + late),
        },
        order=at + late,
    )
    return built.slice(0, int((at + late < world.stop).sum()))
