"""Who the customers are: firms and persons, since when, where, and what kind of customer (which nobody is told)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from crm.synthetic import names
from crm.synthetic.signals import CLUSTERS, FAVOURITES, SEGMENTS
from crm.synthetic.tables import chosen, dates, keys, moments, table
from crm.synthetic.world import DAY, WEEK, Flags, Floats, Ints, World

REGIONS = ("North", "East", "South", "West", "Islands")
COUNTRIES = ("DE", "AT", "CH", "NL")
LEVELS = ("standard", "silver", "gold")
OCCUPATIONS = ("employee", "self-employed", "student", "retired", "civil servant")
BANDS = ("1940-1959", "1960-1979", "1980-1994", "1995-2010")
INDUSTRIES = ("hospitality", "retail", "offices", "events", "schools")
SIZES = ("1-9", "10-49", "50-249", "250+")


@dataclass(frozen=True)
class People:
    """Arrays over the customers.

    Attributes
    ----------
    segment : int64[customers]
        Place in `signals.SEGMENTS`.
    joined : int64[customers]
        Second since which the customer is one; before the history's start for a third of them.
    week : int64[customers]
        First week with possible activity.
    rate : float64[customers]
        Own orders a week while active.
    clusters : int64[customers, 3]
        Preferred product clusters, the most preferred first.
    favourites : int64[customers, FAVOURITES]
        Products bought again and again.
    business : bool[customers]
    """

    segment: Ints
    joined: Ints
    week: Ints
    rate: Floats
    clusters: Ints
    favourites: Ints
    business: Flags

    def of(self, field: str) -> Floats:
        """One of the segment's numbers for every customer."""
        return np.array([float(getattr(item, field)) for item in SEGMENTS])[self.segment]


def make(world: World) -> People:
    """Draw the customers.

    Examples
    --------
    >>> people = make(World(customers=100, seed=1))
    >>> people.segment.shape, people.clusters.shape
    ((100,), (100, 3))
    """
    random, count = world.random("people"), world.customers
    segment = random.choice(len(SEGMENTS), count, p=[item.share for item in SEGMENTS])
    old = random.random(count) < 0.35
    before = world.start - random.integers(7 * DAY, 1000 * DAY, count)
    since = world.start + (random.random(count) ** 0.9 * (world.weeks - 3) * WEEK).astype(np.int64)
    joined = np.where(old, before, since)
    rate = np.array([item.orders for item in SEGMENTS])[segment] * np.exp(random.normal(0.0, 0.3, count))
    clusters = np.argsort(random.random((count, CLUSTERS)), axis=1)[:, :3]
    place = np.minimum(random.geometric(0.18, (count, FAVOURITES)) - 1, 19)
    favourites = clusters[np.arange(count)[:, None], random.integers(0, 3, (count, FAVOURITES))] * 20 + place
    return People(
        segment=segment,
        joined=joined,
        week=np.maximum((joined - world.start) // WEEK + 1, 0),
        rate=rate,
        clusters=clusters,
        favourites=favourites,
        business=np.array([item.business for item in SEGMENTS])[segment],
    )


def tables(world: World, people: People) -> dict[str, Any]:
    """The files ``customers`` (a row for each change), ``companies`` and ``contacts``."""
    random, count = world.random("customer columns"), world.customers
    given, family = names.words(random, count), names.words(random, count)
    region = random.integers(0, len(REGIONS), count)
    country = random.choice(len(COUNTRIES), count, p=[0.6, 0.16, 0.14, 0.1])
    occupation = np.where(people.business, -1, random.integers(0, len(OCCUPATIONS), count))
    band = np.where(people.business, -1, random.integers(0, len(BANDS), count))
    promoted = (people.rate * people.of("lines") > 0.5) & (random.random(count) < 0.6)
    level = np.where(promoted, 1 + (random.random(count) < 0.4), 0)
    firm = names.firms(random, count)
    number, moved, occurred, known = _changes(world, people, random)
    private = people.business[number]
    customers = table(
        {
            "customer_no": keys("K", number),
            "kind": chosen(("b2c", "b2b"), people.business[number].astype(np.int64)),
            "given_name": pa.array(given[number], type=pa.string(), mask=private),
            "family_name": pa.array(family[number], type=pa.string(), mask=private),
            "company_name": pa.array(firm[number], type=pa.string(), mask=~private),
            "email": names.addresses(family[number], number),
            "since_on": dates(people.joined[number]),
            "level": chosen(LEVELS, level[number]),
            "country": chosen(COUNTRIES, country[number]),
            "region": chosen(REGIONS, (region[number] + moved) % len(REGIONS)),
            "occupation": chosen(OCCUPATIONS, occupation[number]),
            "birth_year_band": chosen(BANDS, band[number]),
            "changed_at": moments(occurred),
            "known_at": moments(known),
        },
        order=known,
    )
    return {"customers": customers, **_firms(world, people, firm, country)}


def _changes(world: World, people: People, random: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints]:
    """Customer, 0 or 1 for having moved, and both clocks: a first row for each, a second for those who moved."""
    count = world.customers
    at = np.maximum(people.joined, world.start) + random.integers(20 * DAY, 500 * DAY, count)
    told = at + random.integers(0, 30 * DAY, count)
    movers = np.flatnonzero((random.random(count) < 0.08) & (told < world.stop))
    number = np.concatenate([np.arange(count), movers])
    moved = (np.arange(len(number)) >= count).astype(np.int64)
    return number, moved, np.concatenate([people.joined, at[movers]]), np.concatenate([people.joined, told[movers]])


def _firms(world: World, people: People, firm: Any, country: Ints) -> dict[str, Any]:
    random, number = world.random("firms"), np.flatnonzero(people.business)
    industry = random.integers(0, len(INDUSTRIES), len(number))
    size = random.choice(len(SIZES), len(number), p=[0.4, 0.35, 0.2, 0.05])
    since = people.joined[number]
    companies = table(
        {
            "customer_no": keys("K", number),
            "legal_name": pa.array(firm[number], type=pa.string()),
            "industry_code": chosen(INDUSTRIES, industry),
            "size_band": chosen(SIZES, size),
            "country": chosen(COUNTRIES, country[number]),
            "website_domain": keys("firm", number, 1),
            "created_at": moments(since),
        },
        order=since,
    )
    owner = np.repeat(number, random.integers(1, 4, len(number)))
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    contacts = table(
        {
            "contact_no": keys("A", np.arange(len(owner)), 5),
            "customer_no": keys("K", owner),
            "given_name": pa.array(names.words(random, len(owner)), type=pa.string()),
            "family_name": pa.array(names.words(random, len(owner)), type=pa.string()),
            "role": chosen(("owner", "buyer", "accounts"), place),
            "is_primary": pa.array(place == 0),
            "created_at": moments(people.joined[owner]),
        },
        order=people.joined[owner],
    )
    return {"companies": companies, "contacts": contacts}
