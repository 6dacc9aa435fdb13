"""Campaigns: who was chosen and held out, and what the members did with what they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic.people import People
from crm.synthetic.signals import CAMPAIGN_LIFT, HOLDOUT_SHARE
from crm.synthetic.tables import amounts, chosen, keys, moments, table
from crm.synthetic.world import DAY, WEEK, Flags, Floats, Ints, States, World

EVERY_WEEKS = 6
SHARE = 0.12
KINDS = ("spring", "offer", "news", "thanks")


@dataclass(frozen=True)
class Campaigns:
    """Weeks of the campaigns, and one entry for each member.

    Attributes
    ----------
    weeks : int64[campaigns]
    campaign, customer : int64[members]
    held_out : bool[members]
    """

    weeks: Ints
    campaign: Ints
    customer: Ints
    held_out: Flags

    def lift(self, week: int, count: int) -> Floats:
        """What the campaigns of this week and the last multiply the customers' order rates by."""
        factor = np.ones(count)
        for number in np.flatnonzero((self.weeks == week) | (self.weeks == week - 1)):
            factor[self.customer[(self.campaign == number) & ~self.held_out]] = CAMPAIGN_LIFT
        return factor


def make(world: World, people: People) -> Campaigns:
    """Choose members at random among those who are customers by then, and hold one in ten out.

    Examples
    --------
    >>> from crm.synthetic import people
    >>> world = World(customers=500, seed=1)
    >>> campaigns = make(world, people.make(world))
    >>> len(campaigns.weeks), bool(0.05 < campaigns.held_out.mean() < 0.15)
    (16, True)
    """
    random = world.random("campaigns")
    weeks = np.arange(8, world.weeks - 1, EVERY_WEEKS)
    members = [np.flatnonzero((people.week < week) & (random.random(world.customers) < SHARE)) for week in weeks]
    customer = np.concatenate(members)
    return Campaigns(
        weeks=weeks,
        campaign=np.repeat(np.arange(len(weeks)), [len(item) for item in members]),
        customer=customer,
        held_out=random.random(len(customer)) < HOLDOUT_SHARE,
    )


def tables(world: World, people: People, campaigns: Campaigns, states: States) -> dict[str, Any]:
    """The files ``campaigns``, ``campaign_arms``, ``campaign_members`` and ``campaign_events``."""
    random = world.random("campaign answers")
    number = np.arange(len(campaigns.weeks))
    starts = world.start + campaigns.weeks * WEEK + 9 * 3600
    at = starts[campaigns.campaign]
    heads = pa.table(
        {
            "campaign_no": keys("M", number, 3),
            "name": chosen(KINDS, number % len(KINDS)),
            "channel": chosen(("email",), number * 0),
            "purpose": chosen(("marketing",), number * 0),
            "starts_at": moments(starts),
            "ends_at": moments(starts + 14 * DAY),
            "budget": amounts(random.integers(5, 30, len(number)) * 10_000),
            "created_at": moments(starts - 20 * DAY),
        }
    )
    arms = pa.table(
        {
            "campaign_no": keys("M", np.repeat(number, 2), 3),
            "name": chosen(("mail", "holdout"), np.tile([0, 1], len(number))),
            "kind": chosen(("treatment", "holdout"), np.tile([0, 1], len(number))),
        }
    )
    members = pa.table(
        {
            "campaign_no": keys("M", campaigns.campaign, 3),
            "customer_no": keys("K", campaigns.customer),
            "arm": chosen(("mail", "holdout"), campaigns.held_out.astype(np.int64)),
            "assigned_at": moments(at - 2 * DAY),
        }
    )
    events = _events(world, people, campaigns, states, random)
    return {"campaigns": heads, "campaign_arms": arms, "campaign_members": members, "campaign_events": events}


def _events(world: World, people: People, campaigns: Campaigns, states: States, random: np.random.Generator) -> Any:
    """Sent, opened, clicked, unsubscribed; opens fall with a customer's interest."""
    sent = np.flatnonzero(~campaigns.held_out)
    week = campaigns.weeks[campaigns.campaign[sent]]
    state = states[week, campaigns.customer[sent]]
    interest = np.array([0.0, 1.0, 0.45, 0.12])[state]
    click = people.of("click")[campaigns.customer[sent]]
    opened = random.random(len(sent)) < (0.25 + 0.5 * click) * interest
    clicked = opened & (random.random(len(sent)) < click)
    left = opened & ~clicked & (random.random(len(sent)) < 0.01 + 0.03 * (state > 1))
    at = world.start + week * WEEK + 9 * 3600
    delay = (random.exponential(0.8, len(sent)) * DAY).astype(np.int64) + 60
    rows = np.concatenate([np.arange(len(sent)), *[np.flatnonzero(item) for item in (opened, clicked, left)]])
    kind = np.repeat([0, 1, 2, 3], [len(sent), opened.sum(), clicked.sum(), left.sum()])
    happened = at[rows] + np.where(kind > 0, delay[rows], 0) + 40 * (kind > 1)
    member = sent[rows]
    built = table(
        {
            "event_no": keys("ME", member * 4 + kind, 7),
            "campaign_no": keys("M", campaigns.campaign[member], 3),
            "customer_no": keys("K", campaigns.customer[member]),
            "type": chosen(("sent", "opened", "clicked", "unsubscribed"), kind),
            "happened_at": moments(happened),
        },
        order=happened,
    )
    return built.slice(0, int((happened < world.stop).sum()))
