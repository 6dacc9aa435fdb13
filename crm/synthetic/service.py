"""Tickets with what happened to them, and calls, mails and visits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic.life import Life
from crm.synthetic.people import People
from crm.synthetic.tables import NEVER, chosen, keys, moments, places, table
from crm.synthetic.world import DAY, Ints, World

TYPES = ("delivery", "defect", "billing", "question")
EVENTS = ("opened", "answered", "urged", "resolved", "rated")


def tables(world: World, people: People, life: Life) -> dict[str, Any]:
    """The files ``tickets`` (a row for each state), ``ticket_events`` and ``interactions``."""
    random, count = world.random("service"), len(life.ticket_week)
    bad = life.ticket_bad
    opened = world.within_week(life.ticket_week, random)
    kind = np.where(bad, random.integers(0, 2, count), random.integers(1, 4, count))
    pressing, mild = (
        random.choice(4, count, p=[0.05, 0.4, 0.4, 0.15]),
        random.choice(4, count, p=[0.3, 0.6, 0.08, 0.02]),
    )
    urgency = np.where(bad, pressing, mild)
    answered = opened + (random.exponential(np.where(bad, 20.0, 4.0)) * 3600).astype(np.int64) + 300
    urged = np.where(bad & (random.random(count) < 0.5), opened + random.integers(DAY, 3 * DAY, count), NEVER)
    resolved = (
        np.maximum(answered, np.where(urged < NEVER, urged, 0))
        + (random.exponential(np.where(bad, 5.0, 1.0)) * DAY).astype(np.int64)
        + 600
    )
    rated = np.where(random.random(count) < 0.55, resolved + random.integers(3600, 6 * DAY, count), NEVER)
    stars = np.clip(np.rint(random.normal(np.where(bad, 2.0, 4.3), 0.9)), 1, 5)
    at = np.stack([opened, answered, urged, resolved, rated])
    return {
        "tickets": _tickets(world, life, at, kind, urgency, random),
        "ticket_events": _events(world, life, at, urgency, stars),
        "interactions": _interactions(world, people, life, random),
    }


def _tickets(world: World, life: Life, at: Ints, kind: Ints, urgency: Ints, random: np.random.Generator) -> Any:
    """Two versions of most tickets: as opened, and as resolved."""
    opened: Ints = at[0]
    answered: Ints = at[1]
    resolved: Ints = at[3]
    channel = random.integers(0, 3, len(kind))
    version, ticket = places(np.stack([opened, resolved]) < world.stop)
    done = version == 1
    changed = np.where(done, resolved[ticket], opened[ticket])
    return table(
        {
            "ticket_no": keys("T", ticket, 5),
            "customer_no": keys("K", life.ticket_customer[ticket]),
            "type": chosen(TYPES, kind[ticket]),
            "channel": chosen(("email", "phone", "chat"), channel[ticket]),
            "priority": chosen(("low", "normal", "high", "urgent"), urgency[ticket]),
            "state": chosen(("new", "resolved"), version),
            "opened_at": moments(opened[ticket]),
            "first_response_at": moments(np.where(done, answered[ticket], NEVER)),
            "resolved_at": moments(np.where(done, resolved[ticket], NEVER)),
            "changed_at": moments(changed),
        },
        order=changed,
    )


def _events(world: World, life: Life, at: Ints, urgency: Ints, stars: Any) -> Any:
    """What happened, in order; a rating is known on the next day."""
    known = at.copy()
    known[4] = np.where(at[4] < NEVER, at[4] + DAY, NEVER)
    kind, ticket = places(known < world.stop)
    rating = np.where(kind == 4, stars[ticket], np.nan)
    return table(
        {
            "event_no": keys("TE", ticket * len(EVENTS) + kind),
            "ticket_no": keys("T", ticket, 5),
            "customer_no": keys("K", life.ticket_customer[ticket]),
            "type": chosen(EVENTS, kind),
            "priority": chosen(("low", "normal", "high", "urgent"), urgency[ticket]),
            "value": pa.array(rating, mask=np.isnan(rating)),
            "happened_at": moments(at[kind, ticket]),
            "known_at": moments(known[kind, ticket]),
        },
        order=known[kind, ticket],
    )


def _interactions(world: World, people: People, life: Life, random: np.random.Generator) -> Any:
    """A call or mail for some tickets, and visits and meetings with firms."""
    asked = np.flatnonzero(random.random(len(life.ticket_week)) < 0.6)
    firms = np.flatnonzero(people.business)
    visited = np.repeat(firms, random.poisson(2.0, len(firms)))
    visit_week = random.integers(0, world.weeks, len(visited))
    alive = life.states[visit_week, visited] > 0
    visited, visit_week = visited[alive], visit_week[alive]
    customer = np.concatenate([life.ticket_customer[asked], visited])
    week = np.concatenate([life.ticket_week[asked], visit_week])
    kind = np.concatenate([random.integers(0, 2, len(asked)), random.integers(2, 4, len(visited))])
    usual = np.concatenate([np.where(life.ticket_bad[asked], -0.4, 0.2), np.full(len(visited), 0.2)])
    mood = random.normal(usual, 0.2)
    at = world.within_week(week, random)
    return table(
        {
            "interaction_no": keys("I", np.arange(len(at)), 5),
            "customer_no": keys("K", customer),
            "type": chosen(("call", "email", "visit", "meeting"), kind),
            "direction": chosen(("inbound", "outbound"), (kind > 1).astype(np.int64)),
            "sentiment": np.round(np.clip(mood, -1, 1), 2),
            "happened_at": moments(at),
        },
        order=at,
    )
