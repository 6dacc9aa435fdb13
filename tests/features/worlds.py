"""Made-up histories: late, corrected, deleted, tied, doubled, moved and skewed rows, for the store and the oracle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.clock import DAY
from crm.schema import OrderLine
from features import FeatureView, InlineRecords, Source, customer, days, events, hours, lifetime
from features.windows import Window

HOUR = DAY // 24
WINDOWS: tuple[Window, ...] = (*hours(6), *days(1, 7, 30), *lifetime)
KINDS = ("sale", "return", "adjustment")
CATEGORIES = ("tea", "coffee", "sugar", "zimt", "äpfel")
NULLS = 0.1
TTL = days(2)

lines = events(OrderLine, entity=customer)


@dataclass
class World:
    """Versions of facts in order of arrival, as the oracle reads them.

    ``amount`` is money (whole ten-thousandths), ``quantity`` floats, ``line_no`` whole numbers, ``product_id`` ids,
    ``kind`` and ``category`` texts.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)

    def table_rows(self) -> list[dict[str, Any]]:
        """For `InlineRecords`."""
        return [_table_row(row) for row in self.rows]

    def records(self) -> InlineRecords:
        """Records that hold these rows."""
        return InlineRecords({"order_lines": self.table_rows()})


def _table_row(row: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in row.items() if name not in ("entity", "pk", "deleted")}
    amount = plain.get("amount")
    return {
        **plain,
        "id": row["pk"],
        "customer_id": row["entity"],
        "op": "retract" if row.get("deleted") else "assert",
        "amount": None if amount is None else amount / 10_000,
    }


def make(seed: int, *, facts: int = 120, entities: int = 6, span: int = 60 * DAY, skewed: bool = False) -> World:
    """A world drawn from a seed.

    A third of the facts are known late, a fifth are corrected (some to another entity or moment), a tenth deleted;
    moments repeat; a tenth stand on both clocks where another fact of their entity does, every other one with its
    content too.
    """
    draw = random.Random(seed)
    moments = [draw.randrange(-span // 4, span) for _ in range(max(facts // 3, 1))]
    world = World()
    for pk in range(1, facts + 1):
        if world.rows and draw.random() < 0.1:
            world.rows.append(_double(draw, pk, draw.choice(world.rows)))
            continue
        entity = 1 if skewed and draw.random() < 0.8 else draw.randrange(1, entities + 1)
        occurred = draw.choice(moments) if draw.random() < 0.5 else draw.randrange(-span // 4, span)
        known = occurred + (draw.randrange(0, 5 * DAY) if draw.random() < 0.33 else 0)
        world.rows.append(_row(draw, pk, entity, occurred, known))
        while draw.random() < 0.2:
            known += draw.choice([0, 1, HOUR, draw.randrange(1, 9 * DAY)])
            moved = draw.randrange(1, entities + 1) if draw.random() < 0.3 else entity
            when = occurred + draw.choice([0, 0, HOUR, -DAY])
            world.rows.append(_row(draw, pk, moved, when, known))
        if draw.random() < 0.1:
            known += draw.choice([0, 1, draw.randrange(1, 9 * DAY)])
            world.rows.append({**_row(draw, pk, entity, occurred, known), "deleted": True})
    draw.shuffle(world.rows)
    return world


def _double(draw: random.Random, pk: int, other: dict[str, Any]) -> dict[str, Any]:
    """A fact on both clocks of another, perhaps with its content."""
    fresh = _row(draw, pk, other["entity"], other["occurred_at"], other["known_at"])
    return fresh if draw.random() < 0.5 else {**other, "pk": pk}


def _row(draw: random.Random, pk: int, entity: int, occurred: int, known: int) -> dict[str, Any]:
    def maybe(value: Any) -> Any:
        return None if draw.random() < NULLS else value

    return {
        "pk": pk,
        "entity": entity,
        "occurred_at": occurred,
        "known_at": known,
        "amount": maybe(draw.randrange(-30_000, 99_999)),
        "quantity": maybe(draw.choice([0.0, -0.0, 0.1, 0.2, -0.3, 1e9 + draw.random(), draw.uniform(-100, 100)])),
        "line_no": maybe(draw.randrange(1, 9)),
        "product_id": maybe(draw.randrange(10, 15)),
        "kind": maybe(draw.choice(KINDS)),
        "category": maybe(draw.choice(CATEGORIES)),
    }


def moments_for(world: World, seed: int, count: int) -> list[tuple[int, int]]:
    """``(entity, moment)`` pairs: at rows, a microsecond beside them, at the edges of windows, and anywhere."""
    draw = random.Random(seed)
    widths = [0, *(window.width for window in (*WINDOWS, *TTL) if window.suffix)]
    pairs = []
    for _ in range(count):
        row = draw.choice(world.rows)
        moment = row[draw.choice(["occurred_at", "known_at"])] + draw.choice(widths) + draw.choice([-1, 0, 1])
        if draw.random() < 0.2:
            moment = draw.randrange(-20 * DAY, 90 * DAY)
        pairs.append((draw.choice([row["entity"], row["entity"], draw.randrange(1, 9)]), moment))
    return pairs


def every_operation(source: Source = lines, windows: Sequence[Window] = WINDOWS) -> FeatureView:
    """A view of every aggregation over every window, named so that `ask` can ask the oracle for the same."""
    spans = tuple(windows)
    return FeatureView(
        entity=customer,
        count=source.count(spans),
        count__amount=source.amount.count(spans),
        sum__amount=source.amount.sum(spans),
        sum__quantity=source.quantity.sum(spans),
        sum__line_no=source.line_no.sum(spans),
        mean__amount=source.amount.mean(spans),
        mean__quantity=source.quantity.mean(spans),
        min__amount=source.amount.min(spans),
        max__amount=source.amount.max(spans),
        min__quantity=source.quantity.min(spans),
        max__quantity=source.quantity.max(spans),
        std__amount=source.amount.std(spans),
        std__quantity=source.quantity.std(spans),
        nunique__category=source.category.nunique(spans),
        nunique__quantity=source.quantity.nunique(spans),
        nunique__product_id=source.product_id.nunique(spans),
        mode__category=source.category.mode(spans),
        mode__product_id=source.product_id.mode(spans),
        mode__line_no=source.line_no.mode(spans),
        first__amount=source.amount.first(spans),
        first__category=source.category.first(spans),
        last__quantity=source.quantity.last(spans),
        last__category=source.category.last(spans),
        lag1__amount=source.amount.lag(1, spans),
        lag2__category=source.category.lag(2, spans),
        latest__amount=source.amount.latest(spans),
        latest__category=source.category.latest(spans),
        time_since_last=source.time_since_last(spans),
        time_since_first=source.time_since_first(spans),
        mean_gap=source.mean_gap(spans),
        slope__quantity=source.quantity.slope(spans),
        slope__amount=source.amount.slope(spans),
        share__category=source.category.share("tea", spans),
        share__line_no=source.line_no.share(3, spans),
    )


def alive(source: Source = lines) -> FeatureView:
    """A view with a time to live: of everything that it ends, and of sums and counts, which it does not."""
    return FeatureView(
        entity=customer,
        ttl=TTL,
        count=source.count(),
        sum__amount=source.amount.sum(),
        last__quantity=source.quantity.last(),
        last__category=source.category.last(),
        lag1__amount=source.amount.lag(1),
        lag2__category=source.category.lag(2),
        latest__amount=source.amount.latest(),
        latest__category=source.category.latest(),
        time_since_last=source.time_since_last(),
    )
