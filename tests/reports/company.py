"""Records for reports: several sources, two currencies, returns, corrections, retractions and rows of the future."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from crm import Records, SourceInfo
from crm.clock import DAY, parse

END = parse("2012-01-15")
START = END - 400 * DAY
PEOPLE = 120


def rows(**columns: Any) -> pa.Table:
    """Columns as an Arrow table."""
    return pa.table(columns)


def fill_orders(records: Records) -> None:
    """A shop of 120 customers and some 700 orders in EUR and USD; 30 customers never buy."""
    random = np.random.default_rng(7)
    records.reference("currencies", rows(code=["EUR", "USD"], name=["Euro", "Dollar"]))
    records.declare_source(SourceInfo(name="shop", complete_until=END))
    who = [f"K{at}" for at in range(PEOPLE)]
    early = [START] * PEOPLE
    records.write(
        {
            "parties": rows(
                source_key=who, kind=["person"] * PEOPLE, status=["active"] * PEOPLE, occurred_at=early, known_at=early
            ),
            "customers": rows(
                source_key=who, party_key=who, customer_no=who, kind=["b2c"] * PEOPLE, occurred_at=early, known_at=early
            ),
        },
        source="shop",
    )
    count = 700
    buyer = [f"K{int(at)}" for at in random.integers(0, PEOPLE - 30, count)]
    when = (START + np.sort(random.random(count)) * (END + 10 * DAY - START)).astype(np.int64)  # some after the end
    amount = random.integers(1, 500, count) * 1_234
    kind = np.where(random.random(count) < 0.1, "return", np.where(random.random(count) < 0.05, "adjustment", "sale"))
    signed = np.where(kind == "return", -amount, np.where(kind == "adjustment", -amount // 2, amount))
    currency = np.where(random.random(count) < 0.2, "USD", "EUR")
    keys = [f"o{at}" for at in range(count)]
    records.write(
        {
            "orders": rows(
                source_key=keys,
                order_no=keys,
                customer_key=buyer,
                kind=kind.tolist(),
                currency=currency.tolist(),
                occurred_at=when,
                known_at=when,
                amount=signed,
            ),
            "order_lines": rows(  # every seventh order has no lines, every other two
                source_key=[f"{key}-{turn}" for at, key in enumerate(keys) if at % 7 for turn in (0, 1)],
                order_key=[key for at, key in enumerate(keys) if at % 7 for _ in (0, 1)],
                line_no=[turn for at in range(count) if at % 7 for turn in (0, 1)],
                customer_key=[buyer[at] for at in range(count) if at % 7 for _ in (0, 1)],
                kind=[str(kind[at]) for at in range(count) if at % 7 for _ in (0, 1)],
                quantity=[-1.0 if kind[at] == "return" else 1.0 for at in range(count) if at % 7 for _ in (0, 1)],
                amount=[
                    int(part)
                    for at in range(count)
                    if at % 7
                    for part in (signed[at] // 3, signed[at] - signed[at] // 3)
                ],
                currency=[str(currency[at]) for at in range(count) if at % 7 for _ in (0, 1)],
                returned_qty=[0.0 for at in range(count) if at % 7 for _ in (0, 1)],
                occurred_at=[int(when[at]) for at in range(count) if at % 7 for _ in (0, 1)],
                known_at=[int(when[at]) for at in range(count) if at % 7 for _ in (0, 1)],
            ),
        },
        source="shop",
    )
    _revise(records)


def _revise(records: Records) -> None:
    """A correction before the end, one after it, and a retraction."""
    records.write({"order_lines": rows(source_key=["o1-0"], amount=[7_770_000], known_at=[END - DAY])}, source="shop")
    records.write({"order_lines": rows(source_key=["o2-0"], amount=[9_990_000], known_at=[END + DAY])}, source="shop")
    records.write(
        {"order_lines": rows(source_key=["o3-0", "o3-1"], op=["retract"] * 2, known_at=[END - DAY] * 2)}, source="shop"
    )


def fill_leads(records: Records) -> None:
    """100 leads: 40 converted, 30 unqualified (20 of them after work), 27 new, 3 qualified."""
    records.declare_source(SourceInfo(name="desk", complete_until=END))
    count = 100
    status = ["converted"] * 40 + ["unqualified"] * 30 + ["new"] * 27 + ["qualified"] * 3
    keys = [f"L{at}" for at in range(count)]
    created = [START + at * DAY for at in range(count)]
    converted = [created[at] + (at % 9) * DAY if at < 40 else None for at in range(count)]
    records.write(
        {
            "leads": rows(
                source_key=keys,
                lead_no=keys,
                status=status,
                created_at=created,
                occurred_at=created,
                known_at=created,
                converted_at=pa.array(converted, pa.int64()),
            ),
            "lead_events": rows(
                source_key=[f"e{at}" for at in range(50)],
                lead_key=[f"L{at}" for at in range(10, 60)],
                type=["status"] * 50,
                from_status=["new"] * 50,
                to_status=["working"] * 50,
                occurred_at=created[10:60],
                known_at=created[10:60],
            ),
        },
        source="desk",
    )


def fill_deals(records: Records) -> None:
    """60 deals over four stages: 25 won, 20 lost (half of them seen in the second stage), 15 open in the first."""
    records.reference("currencies", rows(code=["EUR"], name=["Euro"]))
    records.reference("pipelines", rows(name=["main"]))
    stages = ["first", "second", "won", "lost"]
    records.reference(
        "pipeline_stages",
        rows(
            pipeline_key=["main"] * 4,
            name=stages,
            ordinal=[1, 2, 3, 4],
            category=["open", "open", "won", "lost"],
        ),
    )
    records.reference("close_reasons", rows(kind=["lost"], code=["price"], active=[True]))
    records.declare_source(SourceInfo(name="deals", complete_until=END))
    count = 60
    outcome = ["won"] * 25 + ["lost"] * 20 + ["open"] * 15
    stage = [f"main/{'first' if item == 'open' else item}" for item in outcome]
    keys = [f"D{at}" for at in range(count)]
    opened = [START + at * DAY for at in range(count)]
    closed = [None if outcome[at] == "open" else opened[at] + 30 * DAY for at in range(count)]
    moves = [
        (at, turn, name, opened[at] + turn * (10 + at % 3) * DAY)
        for at in range(count)
        for turn, name in enumerate(["first", *(["second"] if at < 35 else []), *([] if at >= 45 else [outcome[at]])])
    ]
    records.write(
        {
            "opportunities": rows(
                source_key=keys,
                opportunity_no=keys,
                pipeline_key=["main"] * count,
                stage_key=stage,
                outcome=outcome,
                amount=[10_000_000 + at for at in range(count)],
                currency=["EUR"] * count,
                close_reason_key=["lost/price" if item == "lost" else None for item in outcome],
                opened_at=opened,
                closed_at=pa.array(closed, pa.int64()),
                occurred_at=opened,
                known_at=opened,
            ),
            "opportunity_stage_changes": rows(
                source_key=[f"m{at}-{turn}" for at, turn, _, _ in moves],
                opportunity_key=[f"D{at}" for at, _, _, _ in moves],
                ordinal=[turn for _, turn, _, _ in moves],
                to_stage_key=[f"main/{name}" for _, _, name, _ in moves],
                occurred_at=[when for _, _, _, when in moves],
                known_at=[when for _, _, _, when in moves],
            ),
        },
        source="deals",
    )


def fill_tickets(records: Records) -> None:
    """20 tickets: 12 open (2 urgent), 8 resolved; one of the open ones is resolved only after the end."""
    records.declare_source(SourceInfo(name="help", complete_until=END))
    count = 20
    keys = [f"T{at}" for at in range(count)]
    opened = [END - (at + 1) * DAY for at in range(count)]
    resolved = [None if at < 12 else opened[at] + DAY // 2 for at in range(count)]
    records.write(
        {
            "tickets": rows(
                source_key=keys,
                ticket_no=keys,
                priority=["urgent"] * 2 + ["normal"] * 18,
                state=["open"] * 6 + ["waiting_customer"] * 6 + ["resolved"] * 8,
                opened_at=opened,
                resolved_at=pa.array(resolved, pa.int64()),
                occurred_at=opened,
                known_at=opened,
            )
        },
        source="help",
    )
    records.write(
        {"tickets": rows(source_key=["T0"], state=["resolved"], resolved_at=[END + DAY], known_at=[END + DAY])},
        source="help",
    )


def fill_scores(records: Records) -> None:
    """Churn scores of 80 customers (an older batch and an older version beside them), grades of leads, suggestions."""
    customers = {row["number"]: row["id"] for row in records.numbers("customer").to_pylist()}
    leads = {row["number"]: row["id"] for row in records.numbers("lead").to_pylist()}
    for version, moment, people in (("1", END - 30 * DAY, 90), ("1", END, 85), ("2", END, 80)):
        who = [f"K{at}" for at in range(people)]
        score = [(at % 10) / 10 + 0.05 for at in range(people)]
        records.write(
            {
                "scores": rows(
                    source_key=[f"c:{version}:{moment}:{key}" for key in who],
                    model=["churn"] * people,
                    model_version=[version] * people,
                    customer_id=[customers[key] for key in who],
                    score=score,
                    occurred_at=[moment] * people,
                    band=["high" if value > 0.7 else "low" for value in score],
                )
            }
        )
    graded = [f"L{at}" for at in range(60)]
    records.write(
        {
            "scores": rows(
                source_key=[f"lead:{key}" for key in graded],
                model=["lead_score"] * 60,
                model_version=["1"] * 60,
                lead_id=[leads[key] for key in graded],
                score=[at / 60 for at in range(60)],
                occurred_at=[END] * 60,
                band=["D"] * 30 + ["C"] * 20 + ["B"] * 7 + ["A"] * 3,
            )
        }
    )
    records.declare_source(SourceInfo(name="goods", complete_until=END))
    goods = [f"P{at}" for at in range(10)]
    records.write(
        {
            "products": rows(
                source_key=goods,
                product_no=goods,
                status=["active"] * 10,
                occurred_at=[START] * 10,
                known_at=[START] * 10,
            )
        },
        source="goods",
    )
    products = [row["id"] for row in records.numbers("product").to_pylist()]
    told = [(customers[f"K{at}"], products[(at + rank) % 4], rank) for at in range(60) for rank in (1, 2)]
    records.write(
        {
            "recommendations": rows(
                source_key=[f"{who}:{rank}" for who, _, rank in told],
                model=["recommendation"] * 120,
                model_version=["1"] * 120,
                customer_id=[who for who, _, _ in told],
                product_id=[what for _, what, _ in told],
                rank=[rank for _, _, rank in told],
                score=[1.0] * 120,
                occurred_at=[END] * 120,
            )
        }
    )
