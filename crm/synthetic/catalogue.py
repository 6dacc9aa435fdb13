"""What the company sells: categories, products with changing prices, and the clusters that are bought together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic import names
from crm.synthetic.signals import CATEGORIES, CLUSTER_SIZE, CLUSTERS, DRIFT_PRICE
from crm.synthetic.tables import NEVER, amounts, chosen, keys, moments, table
from crm.synthetic.world import DAY, Floats, Ints, World

PRODUCTS = CLUSTERS * CLUSTER_SIZE


@dataclass(frozen=True)
class Catalogue:
    """Arrays over the products.

    Attributes
    ----------
    cluster, category : int64[products]
    price : int64[products]
        First list price, cents.
    raised_at, raised_price : int64[products]
        When the list price changes, and to what.
    ended_at : int64[products]
        When the product is discontinued, mostly never.
    weight : float64[CLUSTER_SIZE]
        Popularity of the places within a cluster, summing to one.
    """

    cluster: Ints
    category: Ints
    price: Ints
    raised_at: Ints
    raised_price: Ints
    ended_at: Ints
    weight: Floats

    def price_at(self, world: World, product: Ints, at: Ints) -> Ints:
        """List prices in cents at the given seconds."""
        listed = np.where(at >= self.raised_at[product], self.raised_price[product], self.price[product])
        if world.drift_from is None:
            return listed
        return np.where(at >= world.drift_from, np.rint(listed * DRIFT_PRICE).astype(np.int64), listed)


def make(world: World) -> Catalogue:
    """Draw the catalogue.

    Examples
    --------
    >>> catalogue = make(World(seed=1))
    >>> len(catalogue.price), int(np.bincount(catalogue.cluster).min())
    (400, 20)
    """
    random = world.random("catalogue")
    category = random.integers(0, len(CATEGORIES), PRODUCTS)
    level = np.exp(random.normal(0.0, 0.4, len(CATEGORIES)))
    price = np.rint(100 * np.clip(12 * level[category] * np.exp(random.normal(0, 0.5, PRODUCTS)), 1.5, 200)).astype(
        np.int64
    )
    span = world.stop - world.start
    changes = random.random(PRODUCTS) < 0.3
    raised_at = np.where(changes, world.start + (random.uniform(0.2, 0.9, PRODUCTS) * span).astype(np.int64), NEVER)
    ends = random.random(PRODUCTS) < 0.04
    weight = 1.0 / np.arange(1.0, CLUSTER_SIZE + 1.0) ** 0.7
    return Catalogue(
        cluster=np.arange(PRODUCTS) // CLUSTER_SIZE,
        category=category,
        price=price,
        raised_at=raised_at,
        raised_price=np.rint(price * random.uniform(1.04, 1.15, PRODUCTS)).astype(np.int64),
        ended_at=np.where(ends, world.stop - random.integers(30 * DAY, 240 * DAY, PRODUCTS), NEVER),
        weight=weight / weight.sum(),
    )


def tables(world: World, catalogue: Catalogue) -> dict[str, Any]:
    """The files ``categories`` and ``products``; every change of a product is a row of its own."""
    random = world.random("product names")
    number = np.arange(PRODUCTS)
    first = np.full(PRODUCTS, world.start - 400 * DAY)
    moments_of_change = [first, catalogue.raised_at, catalogue.ended_at]
    if world.drift_from is not None:
        moments_of_change.append(np.full(PRODUCTS, world.drift_from))
    at = np.concatenate(moments_of_change)
    product = np.tile(number, len(moments_of_change))
    keep = at != NEVER
    at, product = at[keep], product[keep]
    named = (
        names.words(random, PRODUCTS)[product]
        + np.array(" ", dtype=object)
        + np.array([item.rstrip("s").lower() for item in CATEGORIES], dtype=object)[catalogue.category[product]]
    )
    ended = at >= catalogue.ended_at[product]
    products = table(
        {
            "product_no": keys("P", product, 4),
            "name": named,
            "category": chosen(CATEGORIES, catalogue.category[product]),
            "status": chosen(("active", "discontinued"), ended.astype(np.int64)),
            "list_price": amounts(catalogue.price_at(world, product, at)),
            "changed_at": moments(at),
        },
        order=at,
    )
    categories = pa.table({"name": list(CATEGORIES), "created_at": moments(np.full(len(CATEGORIES), first[0]))})
    return {"categories": categories, "products": products}
