"""Orders and their lines: what was bought, sent back, cancelled and corrected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.synthetic.catalogue import Catalogue
from crm.synthetic.life import Life
from crm.synthetic.people import People
from crm.synthetic.signals import CLUSTER_SIZE, LINE_FROM_CLUSTER, LINE_FROM_FAVOURITES
from crm.synthetic.tables import NEVER
from crm.synthetic.world import DAY, Flags, Ints, World


@dataclass(frozen=True)
class Shop:
    """Sales, line by line, with what later became of them.

    Attributes
    ----------
    at, customer, channel : int64[orders]
        Second, customer, place in `signals.CHANNELS`.
    cancelled_at : int64[orders]
        When the order was taken back as a whole, mostly never.
    order, number, product, pieces, price : int64[lines]
        Order, place within it (from 1), product, pieces, price of a piece in cents.
    returned_at : int64[lines]
        When the line was sent back, mostly never.
    mistyped : bool[lines]
        Whether it was first recorded with ten times the pieces.
    """

    at: Ints
    customer: Ints
    channel: Ints
    cancelled_at: Ints
    order: Ints
    number: Ints
    product: Ints
    pieces: Ints
    price: Ints
    returned_at: Ints
    mistyped: Flags


def sell(world: World, people: People, catalogue: Catalogue, life: Life) -> Shop:
    """Fill the orders of the customers' lives with lines.

    Examples
    --------
    >>> from crm.synthetic import campaigns, catalogue, people
    >>> from crm.synthetic.life import live
    >>> world = World(customers=200, seed=1)
    >>> crowd = people.make(world)
    >>> shop = sell(world, crowd, catalogue.make(world), live(world, crowd, campaigns.make(world, crowd)))
    >>> bool((shop.pieces > 0).all())
    True
    """
    random = world.random("orders")
    at = world.within_week(life.order_week, random)
    turn = np.argsort(at, kind="stable")
    at, customer = at[turn], life.order_customer[turn]
    lines = 1 + random.poisson(people.of("lines")[customer] - 1.0)
    order = np.repeat(np.arange(len(at)), lines)
    product = _products(people, catalogue, customer[order], order, random)
    order, product = _once(order, product, catalogue.ended_at[product] > at[order])
    number = 1 + np.arange(len(order)) - np.searchsorted(order, order)
    buyer = customer[order]
    mean = people.of("pieces")[buyer] - 1.0
    listed = catalogue.price_at(world, product, at[order])
    sent_back = random.random(len(order)) < people.of("returns")[buyer]
    return Shop(
        at=at,
        customer=customer,
        channel=_channels(world, at, customer, people.business, random),
        cancelled_at=np.where(random.random(len(at)) < 0.008, at + random.integers(3600, 3 * DAY, len(at)), NEVER),
        order=order,
        number=number,
        product=product,
        pieces=1 + random.poisson(mean),
        price=np.rint(listed * (1.0 - people.of("discount")[buyer])).astype(np.int64),
        returned_at=np.where(sent_back, at[order] + random.integers(3 * DAY, 25 * DAY, len(order)), NEVER),
        mistyped=random.random(len(order)) < 0.006,
    )


def in_cluster(catalogue: Catalogue, cluster: Ints, random: np.random.Generator) -> Ints:
    """A product of each given cluster, drawn by popularity."""
    place = np.searchsorted(np.cumsum(catalogue.weight)[:-1], random.random(len(cluster)))
    product: Ints = cluster * CLUSTER_SIZE + place
    return product


def _products(people: People, catalogue: Catalogue, buyer: Ints, order: Ints, random: np.random.Generator) -> Ints:
    """A favourite, or a product of the order's cluster, or any product."""
    orders = int(order.max(initial=-1)) + 1
    preference = random.choice(3, orders, p=[0.6, 0.28, 0.12])[order]
    together = in_cluster(catalogue, people.clusters[buyer, preference], random)
    favourite = people.favourites[buyer, random.integers(0, people.favourites.shape[1], len(buyer))]
    anything = in_cluster(catalogue, random.integers(0, catalogue.cluster.max() + 1, len(buyer)), random)
    draw = random.random(len(buyer))
    other = np.where(draw < LINE_FROM_FAVOURITES + LINE_FROM_CLUSTER, together, anything)
    return np.where(draw < LINE_FROM_FAVOURITES, favourite, other)


def _once(order: Ints, product: Ints, sold: Flags) -> tuple[Ints, Ints]:
    """Each product once in an order, without those that were no longer sold (the order's first line stays)."""
    sold = sold | (np.searchsorted(order, order) == np.arange(len(order)))
    pair = order[sold] * (int(product.max(initial=0)) + 1) + product[sold]
    kept = np.sort(np.unique(pair, return_index=True)[1])
    return order[sold][kept], product[sold][kept]


def _channels(world: World, at: Ints, customer: Ints, business: Flags, random: np.random.Generator) -> Ints:
    """Web, app, shop or phone; firms phone, and with drift the app takes the shop's place."""
    draw = random.random(len(at))
    mix = np.where(business[customer][:, None], [[0.45, 0.05, 0.1]], [[0.45, 0.2, 0.3]])
    if world.drift_from is not None:
        mix = np.where((at >= world.drift_from)[:, None], [[0.25, 0.65, 0.05]], mix)
    code: Ints = (draw[:, None] > np.cumsum(mix, axis=1)).sum(axis=1)
    return code
