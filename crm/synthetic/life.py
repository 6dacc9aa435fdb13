"""The customers' lives, week by week: who orders, browses, has trouble, fades and goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.synthetic import signals
from crm.synthetic.campaigns import Campaigns
from crm.synthetic.people import People
from crm.synthetic.signals import SEGMENTS
from crm.synthetic.world import Flags, Floats, Ints, States, World

AWAY, ACTIVE, FADING, GONE = 0, 1, 2, 3


@dataclass(frozen=True)
class Life:
    """What happened, each as parallel arrays, and the states behind it.

    Attributes
    ----------
    order_customer, order_week : int64[orders]
    web_customer, web_week : int64[events]
    ticket_customer, ticket_week : int64[tickets]
    ticket_bad : bool[tickets]
        Whether the service failed.
    states : int8[weeks, customers]
        `AWAY`, `ACTIVE`, `FADING`, `GONE` at the beginning of each week.
    trouble : float32[weeks, customers]
        Recent service failures at the beginning of each week.
    recency : int16[weeks, customers]
        Weeks since the last order, at the beginning of each week.
    """

    order_customer: Ints
    order_week: Ints
    web_customer: Ints
    web_week: Ints
    ticket_customer: Ints
    ticket_week: Ints
    ticket_bad: Flags
    states: States
    trouble: Floats
    recency: Ints


def season(world: World) -> Floats:
    """What the time of year multiplies the order rates by, for each week.

    Examples
    --------
    >>> bool(season(World()).max() == 1.5)
    True
    """
    days = [(item.month, item.day) for item in world.weeks_as_dates()]
    return np.array([1.5 if (11, 15) <= day <= (12, 20) else 1.0 for day in days])


def order_rates(people: People, states: States) -> Floats:
    """Expected orders a week in the given states, without season and campaigns."""
    factor = np.array([0.0, 1.0, signals.FADING_ORDERS, signals.GONE_ORDERS])[states]
    rates: Floats = people.rate * factor
    return rates


def fade_probability(people: People, trouble: Floats, recency: Ints) -> Floats:
    """Probability that an active customer begins to fade this week."""
    waited = np.minimum(recency * people.rate, 3.0)
    patience = people.of("fade") * np.exp(signals.RECENCY_EFFECT * waited)
    probability: Floats = np.minimum(patience + signals.TROUBLE_HAZARD * np.minimum(trouble, 3.0), 0.6)
    return probability


def live(world: World, people: People, campaigns: Campaigns) -> Life:
    """Let the weeks pass.

    Examples
    --------
    >>> from crm.synthetic import campaigns, people
    >>> world = World(customers=200, seed=1)
    >>> crowd = people.make(world)
    >>> life = live(world, crowd, campaigns.make(world, crowd))
    >>> life.states.shape
    (104, 200)
    """
    random, count, seasons = world.random("life"), world.customers, season(world)
    state = np.zeros(count, dtype=np.int8)
    trouble, recency = np.zeros(count), np.where(people.week == 0, random.integers(0, 8, count), 0)
    states = np.empty((world.weeks, count), dtype=np.int8)
    troubles = np.empty((world.weeks, count))
    recencies = np.empty((world.weeks, count), dtype=np.int64)
    orders: list[Ints] = []
    web: list[Ints] = []
    tickets: list[Ints] = []
    bads: list[Flags] = []
    web_rate, ticket_rate = people.of("web"), people.of("tickets")
    web_factor = np.array([0.0, 1.0, signals.FADING_WEB, signals.GONE_WEB])
    for week in range(world.weeks):
        state[(people.week == week) & (state == AWAY)] = ACTIVE
        states[week], troubles[week], recencies[week] = state, trouble, recency
        rate = order_rates(people, state) * seasons[week] * campaigns.lift(week, count)
        first = (people.week == week) & (people.week > 0)
        ordering = (random.random(count) < 1.0 - np.exp(-rate)) | (first & (random.random(count) < 0.7))
        orders.append(np.flatnonzero(ordering))
        visits = random.poisson(web_rate * web_factor[state] + 0.5 * (ordering & ~people.business))
        web.append(np.repeat(np.arange(count), visits))
        asking = ticket_rate * np.isin(state, (ACTIVE, FADING)) * np.where(recency < 3, 3.0, 1.0)
        asked = np.flatnonzero(random.random(count) < asking)
        bad = random.random(len(asked)) < 0.45
        tickets.append(asked)
        bads.append(bad)
        recency = np.where(ordering, 0, recency + 1)
        trouble *= signals.TROUBLE_MEMORY
        trouble[asked[bad]] += 1.0
        state = _move(state, fade_probability(people, trouble, recency), random.random(count))
    return Life(
        *_gather(orders),
        *_gather(web),
        *_gather(tickets),
        np.concatenate(bads),
        states,
        troubles,
        recencies,
    )


def _move(state: States, fade: Floats, draw: Floats) -> States:
    moved = state.copy()
    moved[(state == ACTIVE) & (draw < fade)] = FADING
    moved[(state == FADING) & (draw < signals.FADING_TO_GONE)] = GONE
    moved[(state == FADING) & (draw > 1.0 - signals.FADING_TO_ACTIVE)] = ACTIVE
    moved[(state == GONE) & (draw < signals.GONE_TO_ACTIVE)] = ACTIVE
    return moved


def _gather(weekly: list[Ints]) -> tuple[Ints, Ints]:
    """Customers and weeks of all entries, by week and customer."""
    return np.concatenate(weekly), np.repeat(np.arange(len(weekly)), [len(item) for item in weekly])


def segment_names() -> tuple[str, ...]:
    """The planted kinds of customers, in the order of their codes.

    Examples
    --------
    >>> segment_names()
    ('bulk', 'loyal', 'bargain', 'occasional', 'browser')
    """
    return tuple(item.name for item in SEGMENTS)
