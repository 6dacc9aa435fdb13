"""Opportunities of firms and of converted leads, stage by stage, and club memberships."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic.leads import Leads
from crm.synthetic.life import FADING, Life
from crm.synthetic.people import People
from crm.synthetic.tables import NEVER, amounts, chosen, dates, keys, moments, places, table
from crm.synthetic.world import DAY, WEEK, Ints, World

STAGES = ("contact", "offer", "negotiation", "won", "lost")
PLANS = ("club", "club plus")


def winners(world: World, people: People, leads: Leads) -> Ints:
    """The firm that each converted lead became: one that joined after the lead began, or -1.

    Examples
    --------
    >>> from crm.synthetic import leads, people
    >>> world = World(customers=300, seed=1)
    >>> won = winners(world, people.make(world), leads.make(world))
    >>> bool((won >= -1).all())
    True
    """
    random = world.random("winners")
    firms = np.flatnonzero(people.business & (people.week > 0))
    firms = firms[np.argsort(people.joined[firms], kind="stable")]
    won = np.full(leads.at.shape[1], -1)
    converted = np.flatnonzero(leads.converts & (leads.at[4] < world.stop))
    converted = converted[random.random(len(converted)) < 0.5]
    place = np.searchsorted(people.joined[firms], leads.at[4, converted])
    fits = place < len(firms)
    won[converted[fits]] = firms[place[fits]]
    return won


def tables(world: World, people: People, leads: Leads, life: Life, won: Ints) -> dict[str, Any]:
    """The files ``opportunities`` (a row for each stage), ``stage_changes`` and ``subscriptions``."""
    random = world.random("deals")
    firms = np.repeat(np.flatnonzero(people.business), random.poisson(1.2, int(people.business.sum())))
    from_lead = np.flatnonzero(leads.converts & (leads.at[4] < world.stop))
    customer = np.concatenate([firms, won[from_lead]])
    lead = np.concatenate([np.full(len(firms), -1), from_lead])
    begin = np.maximum(people.joined[firms], world.start)
    asked = begin + (random.random(len(firms)) * (world.stop - begin)).astype(np.int64)
    opened = np.concatenate([asked, leads.at[4, from_lead]])
    wins = random.random(len(opened)) < 0.45
    step = (random.gamma(2.0, 8.0, (3, len(opened))) * DAY).astype(np.int64) + DAY
    early = ~wins & (random.random(len(opened)) < 0.4)
    closed = opened + step.sum(axis=0)
    at = np.stack([opened, opened + step[0], opened + step[0] + step[1], closed, closed])
    at[2, early] = NEVER
    at[3, ~wins], at[4, wins] = NEVER, NEVER
    first = np.rint(np.exp(random.normal(7.2, 0.8, len(opened)))).astype(np.int64) * 100
    worth = np.stack([first, first, first * 9 // 10, first * 9 // 10, first * 9 // 10])
    stage, deal = places(at < world.stop)
    turn = np.lexsort((stage, deal))
    stage, deal = stage[turn], deal[turn]
    last = np.max(np.where(at < NEVER, at, 0), axis=0)[deal]
    rows = {"at": at[stage, deal], "planned": last + random.integers(0, 9, len(deal)) * DAY}
    return {
        "opportunities": _heads(stage, deal, customer, lead, worth, rows),
        "stage_changes": _changes(stage, deal, worth, rows),
        "subscriptions": _subscriptions(world, people, life, random),
    }


def _heads(stage: Ints, deal: Ints, customer: Ints, lead: Ints, worth: Ints, rows: dict[str, Ints]) -> Any:
    closed = stage >= STAGES.index("won")
    opened = rows["at"][np.searchsorted(deal, deal)]
    return table(
        {
            "opportunity_no": keys("D", deal, 5),
            "customer_no": keys("K", pa.array(customer[deal], mask=customer[deal] < 0)),
            "lead_no": keys("L", pa.array(lead[deal], mask=lead[deal] < 0), 5),
            "stage": chosen(STAGES, stage),
            "outcome": chosen(("open", "won", "lost"), np.maximum(stage - 2, 0)),
            "reason": chosen(("price", "competitor", "no_need"), np.where(stage == 4, deal % 3, -1)),
            "amount": amounts(worth[stage, deal]),
            "probability": np.array([0.2, 0.4, 0.6, 1.0, 0.0])[stage],
            "close_on": dates(np.where(closed, rows["at"], rows["planned"])),
            "opened_at": moments(opened),
            "closed_at": moments(np.where(closed, rows["at"], NEVER)),
            "changed_at": moments(rows["at"]),
        },
        order=rows["at"],
    )


def _changes(stage: Ints, deal: Ints, worth: Ints, rows: dict[str, Ints]) -> Any:
    ordinal = 1 + np.arange(len(deal)) - np.searchsorted(deal, deal)
    begins = ordinal == 1
    before = np.where(begins, -1, np.roll(stage, 1))
    return table(
        {
            "change_no": keys("DC", deal * len(STAGES) + stage),
            "opportunity_no": keys("D", deal, 5),
            "ordinal": ordinal,
            "from_stage": chosen(STAGES, before),
            "to_stage": chosen(STAGES, stage),
            "new_amount": amounts(worth[stage, deal]),
            "probability": np.array([0.2, 0.4, 0.6, 1.0, 0.0])[stage],
            "happened_at": moments(rows["at"]),
        },
        order=rows["at"],
    )


def _subscriptions(world: World, people: People, life: Life, random: np.random.Generator) -> Any:
    """A club for one in seven; half of those who fade leave it within weeks."""
    member = np.flatnonzero(~people.business & (random.random(world.customers) < 0.15))
    began = np.maximum(people.joined[member], world.start - 300 * DAY) + random.integers(DAY, 120 * DAY, len(member))
    fading = life.states[:, member] == FADING
    first = np.where(fading.any(axis=0), fading.argmax(axis=0), world.weeks)
    left = world.start + first * WEEK + random.integers(0, 3 * WEEK, len(member))
    leaves = fading.any(axis=0) & (random.random(len(member)) < 0.5) & (left > began)
    at = np.stack([began, np.where(leaves, left, NEVER)])
    ended, row = places(at < world.stop)
    changed = at[ended, row]
    plan = (random.random(len(member)) < 0.3).astype(np.int64)
    return table(
        {
            "subscription_no": keys("S", row, 5),
            "customer_no": keys("K", member[row]),
            "plan": chosen(PLANS, plan[row]),
            "status": chosen(("active", "cancelled"), ended),
            "cancel_reason": chosen(("not used",), ended - 1),
            "monthly_amount": amounts(np.array([490, 990])[plan[row]]),
            "started_at": moments(began[row]),
            "ended_at": moments(np.where(ended == 1, changed, NEVER)),
            "changed_at": moments(changed),
        },
        order=changed,
    )
