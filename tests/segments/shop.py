"""A small shop with a known truth: ten customers, whose number says what they bought and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

import crm
import features
from configs import Settings
from crm import Records, SourceInfo
from crm.clock import DAY, parse

END = parse("2012-01-01")
SOURCE = "shop"
NUMBERS = [f"C{at}" for at in range(10)]


class Score(Protocol):
    """Record a batch of a model: score and band by customer number."""

    def __call__(
        self, model: str, values: dict[str, tuple[float | None, str | None]], *, as_of: int = END, version: str = "1"
    ) -> None: ...


class Decide(Protocol):
    """Record a decision of some customers."""

    def __call__(
        self,
        numbers: Sequence[str],
        decision: str = "granted",
        *,
        channel: str = "email",
        basis: str = "consent",
        purpose: str = "marketing",
        at: int = END - 300 * DAY,
    ) -> None: ...


class Define(Protocol):
    """Write a rule segment into the workspace: its name and its ``where`` in YAML."""

    def __call__(self, name: str, where: str, purpose: str = "marketing", channel: str = "email") -> None: ...


def rows(**columns: Any) -> pa.Table:
    """Columns as an Arrow table."""
    return pa.table(columns)


def ids(records: Records, *numbers: str) -> list[int]:
    """Ids of customers by their numbers."""
    place = {item["number"]: item["id"] for item in records.numbers("customer").to_pylist()}
    return [place[number] for number in numbers]


def numbers(records: Records, members: Sequence[int]) -> list[str]:
    """Numbers of customers by their ids, sorted."""
    place = {item["id"]: item["number"] for item in records.numbers("customer").to_pylist()}
    return sorted(place[int(member)] for member in members)


def fill(records: Records) -> None:
    """Customer Ck has k orders of 10 k EUR, the last one 20 k days before the end, one each day before; C0 has none."""
    records.reference("currencies", rows(code=["EUR"], name=["Euro"]))
    for code in ("marketing", "service"):
        records.reference("purposes", rows(code=[code], name=[code], needs_consent=[True]))
    records.declare_source(SourceInfo(name=SOURCE, complete_until=END))
    joined = [parse("2010-01-01")] * len(NUMBERS)
    people = rows(
        source_key=NUMBERS,
        kind=["person"] * 10,
        status=["active"] * 10,
        display_name=[f"Person {at}" for at in range(10)],
        occurred_at=joined,
        known_at=joined,
    )
    customers = rows(
        source_key=NUMBERS,
        party_key=NUMBERS,
        customer_no=NUMBERS,
        kind=["b2c"] * 10,
        country=["Germany"] * 5 + ["Austria"] * 4 + [None],
        occurred_at=joined,
        known_at=joined,
    )
    bought = [(at, turn) for at in range(1, 10) for turn in range(at)]
    when = [END - (20 * at + turn) * DAY for at, turn in bought]
    keys = [f"{at}-{turn}" for at, turn in bought]
    buyers = [f"C{at}" for at, _ in bought]
    orders = rows(
        source_key=keys,
        order_no=keys,
        customer_key=buyers,
        kind=["sale"] * len(keys),
        currency=["EUR"] * len(keys),
        occurred_at=when,
        known_at=when,
    )
    lines = rows(
        source_key=keys,
        order_key=keys,
        line_no=[1] * len(keys),
        customer_key=buyers,
        kind=["sale"] * len(keys),
        quantity=[1.0] * len(keys),
        unit_price=[100_000 * at for at, _ in bought],
        amount=[100_000 * at for at, _ in bought],
        currency=["EUR"] * len(keys),
        returned_qty=[0.0] * len(keys),
        category=["tea" if at % 2 else None for at, _ in bought],
        occurred_at=when,
        known_at=when,
    )
    records.write({"parties": people, "customers": customers, "orders": orders, "order_lines": lines}, source=SOURCE)


def merge(records: Records, taken: str, stays: str | None, at: int) -> None:
    """One customer's party is merged into another's, or (None) stands by itself again."""
    status = "active" if stays is None else "merged"
    keys = pa.array([stays], pa.string())
    parties = rows(source_key=[taken], status=[status], merged_into_key=keys, occurred_at=[at], known_at=[at])
    if stays is None:
        parties = parties.drop_columns(["merged_into_key"]).append_column("merged_into_id", pa.nulls(1, pa.int64()))
    records.write({"parties": parties}, source=SOURCE)


def filled(home: Path, write: Callable[[Records], None]) -> Path:
    """A workspace's folder, with what `write` writes and its history."""
    settings = Settings(home=home)
    with crm.open(settings) as records:
        write(records)
        store = features.open(settings, records)
        store.refresh()
        store.close()
    return home


def attribute(records: Records, code: str, values: dict[str, str]) -> None:
    """Give customers a text attribute."""
    records.reference(
        "attribute_definitions",
        rows(
            entity=["customer"],
            code=[code],
            type=["text"],
            data_class=["business"],
            required=[False],
            known=["always"],
        ),
    )
    found = records.query("select id from attribute_definitions where code = :code", {"code": code})["id"][0].as_py()
    count, joined = len(values), parse("2010-01-01")
    records.write(
        {
            "attribute_values": rows(
                source_key=[f"{code}:{number}" for number in values],
                definition_id=[found] * count,
                customer_key=list(values),
                is_cleared=[False] * count,
                value_text=list(values.values()),
                occurred_at=[joined] * count,
                known_at=[joined] * count,
            )
        },
        source=SOURCE,
    )
