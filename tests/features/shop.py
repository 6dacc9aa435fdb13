"""A shop with real records: some customers, a view over their events, and what several processes do to it."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pyarrow as pa

import crm
from configs import Settings
from crm.clock import DAY
from crm.schema import Event
from features import FeatureStore, FeatureView, customer, days, events, lifetime
from features.catalogue import Catalogue
from features.history.store import History
from features.opening import open_online

CUSTOMERS = ("a", "b", "c", "d")
visits = events(Event, entity=customer)
spans = (*days(1, 7), *lifetime)
VIEW = FeatureView(
    entity=customer,
    n=visits.count(spans),
    total=visits.value.sum(spans),
    mean=visits.value.mean(spans),
    last=visits.value.last(spans),
    top=visits.channel.mode(spans),
    kinds=visits.type.nunique(spans),
    slope=visits.value.slope(),
)


@contextmanager
def opened(settings: Settings, compact_rows: int = 100_000) -> Iterator[FeatureStore]:
    """The store of a workspace with the one view."""
    with crm.open(settings) as records:
        history = History(settings.history_dir, records, compact_rows)
        online = open_online(settings.online_url)
        store = FeatureStore(records, Catalogue({"v": VIEW.named("v")}), history, online, 1)
        try:
            yield store
        finally:
            store.close()


def found(settings: Settings) -> None:
    """Found the shop: its customers are there from the beginning."""
    with crm.open(settings) as records:
        names = list(CUSTOMERS)
        parties = {"source_key": names, "kind": ["person"] * len(names), "status": ["active"] * len(names)}
        numbers = {"customer_no": [name.upper() for name in names], "kind": ["b2c"] * len(names)}
        head = {"source_key": names, "party_key": names, "occurred_at": [0] * len(names), **numbers}
        records.write({"parties": pa.table(parties), "customers": pa.table(head)}, known_at=0)


def visit(key: str, who: str, occurred_at: int, value: float | None, **more: Any) -> dict[str, Any]:
    """One complete row."""
    kinds = {"type": "view", "channel": "web", "known_at": occurred_at, "op": None}
    return {"source_key": key, "customer_key": who, "occurred_at": occurred_at, "value": value, **kinds, **more}


def some_visits(seed: int, count: int, prefix: str = "") -> list[dict[str, Any]]:
    """Rows of a seed: late ones, corrections, withdrawals, some that move to another customer, many at one moment."""
    draw, rows = random.Random(seed), []

    def moment(day: int) -> int:
        return day * DAY + draw.randrange(3) * 7

    for number in range(count):
        day = draw.randrange(20)
        choices = {"channel": draw.choice(["web", "app", None]), "type": draw.choice(["view", "login"])}
        row = visit(f"{prefix}{number}", draw.choice(CUSTOMERS), moment(day), draw.choice([None, draw.uniform(-9, 99)]))
        rows.append(row | choices | {"known_at": moment(day + draw.choice([1, 1, 5]))})
        while draw.random() < 0.3:
            fresh = {"value": draw.uniform(-9, 99), "customer_key": draw.choice([row["customer_key"], "a"])}
            rows.append(row | fresh | {"known_at": moment(day + 6 + draw.randrange(9))})
        if draw.random() < 0.2:
            rows.append(row | {"known_at": moment(day + 6 + draw.randrange(9)), "op": "retract"})
    return rows


def answers(store: FeatureStore) -> str:
    """Every feature of everybody at several moments, to the last bit."""
    keys = [name.upper() for name in CUSTOMERS]
    asked = [store.online_features(["v:*"], keys, at * DAY + 1) for at in (1, 6, 9, 14, 20, 40)]
    return repr([[(ref, column.tolist()) for ref, column in answer.values.items()] for answer in asked])


def processes() -> ForkServerContext:
    """Processes that start at once, with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "rapport.call", "pipelines.materialize", "features.kernel.run"])
    return context


def push_and_materialize(settings: Settings, seed: int, count: int) -> None:
    """Push own rows one or some at a time, some again, and materialize now and then."""
    draw, rows = random.Random(seed), some_visits(seed, count, f"{seed}-")
    with opened(settings, 40) as store:
        begin = 0
        while begin < len(rows):
            size = draw.randrange(1, 6)
            store.push(visits, rows[max(begin - 1, 0) : begin + size])
            begin += size
            if draw.random() < 0.3:
                store.refresh()
                store.materialize()


def run_command(home: Path) -> None:
    """``rapport materialize``."""
    from rapport.main import main

    raise SystemExit(main(["materialize", "--json", "--home", str(home)]))
