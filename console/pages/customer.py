"""One customer: who it is, what the models say and why, segments, consents, orders, tickets."""

from __future__ import annotations

from typing import Any

from console.blocks import Empty, Facts, Grid, Heading, Link, Part, View, to
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page
from crm.clock import iso

LATEST = 20
MONEY = 10_000  # parts of one currency unit in which amounts are stored

HEAD = """
select c.id, c.party_id, c.customer_no, p.display_name, p.status, c.kind, c.since_on, c.level, c.lifecycle, c.country,
  c.region
from customers c join parties p on p.id = c.party_id where c.customer_no = :number and c.op <> 'retract'
"""
SCORES = """
select s.model, s.model_version, s.occurred_at, s.score, s.band from scores s
where s.customer_id = :id and s.op <> 'retract' order by s.occurred_at desc, s.seq desc
"""
SEGMENTS = """
select g.name, g.title, m.change, m.occurred_at from segment_memberships m join segments g on g.id = m.segment_id
where m.customer_id = :id and m.op <> 'retract' order by m.occurred_at desc, m.seq desc
"""
CONSENTS = """
select purpose, channel, decision, basis, occurred_at from consents
where party_id = :party and op <> 'retract' order by occurred_at desc, seq desc limit :most
"""
ORDERS = """
select order_no, kind, amount, currency, occurred_at from orders
where customer_id = :id and op <> 'retract' order by occurred_at desc, seq desc limit :most
"""
TICKETS = """
select ticket_no, type, state, priority, occurred_at from tickets
where customer_id = :id and op <> 'retract' order by occurred_at desc limit :most
"""


def view(desk: Desk, asked: Asked) -> View:
    """Everything that is known of one customer."""
    number = asked.names["number"]
    found = desk.rows(HEAD, number=number)
    if not found:
        raise missing("customer", number, "/customers")
    head = found[0]
    who = {"id": head["id"]}
    parts: list[Part] = [
        _facts(head),
        *_scores(desk, number, desk.rows(SCORES, **who)),
        _segments(desk.rows(SEGMENTS, **who)),
    ]
    parts.append(_consents(desk.rows(CONSENTS, party=head["party_id"], most=LATEST)))
    parts.append(_orders(desk.rows(ORDERS, **who, most=LATEST)))
    parts.append(_tickets(desk.rows(TICKETS, **who, most=LATEST)))
    return View(f"Customer {number}", parts)


def _facts(head: dict[str, Any]) -> Facts:
    shown = ("display_name", "status", "kind", "since_on", "level", "lifecycle", "country", "region")
    titles = ("Name", "Status", "Kind", "Customer since", "Level", "Lifecycle", "Country", "Region")
    return Facts(
        "Customer",
        [(title, str(head[name])) for title, name in zip(titles, shown, strict=True) if head[name] is not None],
    )


def _scores(desk: Desk, number: str, rows: list[dict[str, Any]]) -> list[Part]:
    if not rows:
        return [Empty("No model has scored this customer yet.", "rapport score churn")]
    parts: list[Part] = [Heading("Scores")]
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        latest.setdefault(row["model"], row)
    for model, row in sorted(latest.items()):
        score = [] if row["score"] is None else [("Score", f"{row['score']:.1%}")]
        told: list[tuple[str, str | Link]] = [
            *score,
            ("Band", row["band"] or "–"),
            ("As of", iso(row["occurred_at"])),
            ("Version", Link(f"{model} {row['model_version']}", to("/models", model))),
        ]
        reasons = desk.reasons(model, row["model_version"], number, row["occurred_at"])
        parts.append(
            Facts(model, [*told, *((f"Reason {place}", reason.text) for place, reason in enumerate(reasons, 1))])
        )
    return parts


def _segments(rows: list[dict[str, Any]]) -> Grid:
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        latest.setdefault(row["name"], row)
    inside = [
        (Link(row["title"] or name, to("/segments", name)), iso(row["occurred_at"]))
        for name, row in sorted(latest.items())
        if row["change"] == "enter"
    ]
    return Grid("Segments", ("Segment", "Member since"), inside)


def _consents(rows: list[dict[str, Any]]) -> Grid:
    told = [(row["purpose"], row["channel"], row["decision"], row["basis"], iso(row["occurred_at"])) for row in rows]
    note = "" if told else "No decision is recorded: this customer is left out of every list."
    return Grid("Consents", ("Purpose", "Channel", "Decision", "Basis", "When"), told, note=note)


def _orders(rows: list[dict[str, Any]]) -> Grid:
    told = [
        (row["order_no"], row["kind"], _money(row["amount"], row["currency"]), iso(row["occurred_at"])) for row in rows
    ]
    return Grid("Latest orders", ("Order", "Kind", "Amount", "When"), told, numbers=frozenset({"Amount"}))


def _tickets(rows: list[dict[str, Any]]) -> Grid:
    told = [(row["ticket_no"], row["type"], row["state"], row["priority"], iso(row["occurred_at"])) for row in rows]
    return Grid("Latest tickets", ("Ticket", "Type", "State", "Priority", "When"), told)


def _money(amount: int | None, currency: str) -> str | None:
    return None if amount is None else f"{amount / MONEY:,.2f} {currency}"


page = Page("/customers/{number:path}", view)
