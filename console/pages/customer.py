"""One customer: who it is, what was bought, what the models say and why, what to offer, consents, orders, tickets."""

from __future__ import annotations

from typing import Any

from console.blocks import Cell, Empty, Facts, Grid, Heading, Link, Part, View, to
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page
from console.pages.customers import MONEY
from crm.clock import now, short
from crm.merges import Survivor
from reports import Text

LATEST = 20
UNTOLD = "cannot be told now: the online features or the model's files are not at hand; run rapport materialize"
EFFECT = (
    "The number behind a reason tells its effect: + pushes the score up, - pushes it down (in log-odds; all "
    "effects add up to the score)."
)

HEAD = """
select c.id, c.party_id, c.customer_no, p.display_name, p.status, c.kind, c.since_on, c.level, c.lifecycle, c.country,
  c.region
from customers c join parties p on p.id = c.party_id where c.customer_no = :number and c.op <> 'retract'
"""
SCORES = """
select s.model, s.model_version, s.occurred_at, s.score, s.band from scores s
where s.customer_id = :id and s.op <> 'retract'
    and s.version = (select max(n.version) from scores n where n.id = s.id) order by s.occurred_at desc, s.seq desc
"""
SEGMENTS = """
select g.name, g.title, m.change, m.occurred_at from segment_memberships m join segments g on g.id = m.segment_id
where m.customer_id = :id and m.op <> 'retract'
    and m.version = (select max(n.version) from segment_memberships n where n.id = m.id)
order by m.occurred_at desc, m.seq desc
"""
OFFERS = """
select r.rank, r.reason, r.occurred_at, coalesce(p.name, p.product_no) as product, p.product_no
from recommendations r join products p on p.id = r.product_id
where r.customer_id = :id and r.op <> 'retract'
    and r.version = (select max(n.version) from recommendations n where n.id = r.id)
    and r.occurred_at = (select max(l.occurred_at) from recommendations l where l.customer_id = :id)
order by r.rank, r.seq desc
"""
CONSENTS = """
select c.purpose, c.channel, c.decision, c.basis, c.occurred_at from consents c
where c.party_id = :party and c.op <> 'retract'
    and c.version = (select max(n.version) from consents n where n.id = c.id)
order by c.occurred_at desc, c.seq desc limit :most
"""
ORDERS = """
select o.order_no, o.kind, o.amount, o.currency, o.occurred_at from orders o
where o.customer_id = :id and o.op <> 'retract' and o.version = (select max(n.version) from orders n where n.id = o.id)
order by o.occurred_at desc, o.seq desc limit :most
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
        _facts(head, number, desk.records.merges().of(number, now())),
        _totals(desk, head["id"]),
        *_scores(desk, number, desk.rows(SCORES, **who)),
        *_offers(desk.rows(OFFERS, **who)),
        _segments(desk.rows(SEGMENTS, **who)),
    ]
    parts.append(_consents(desk.rows(CONSENTS, party=head["party_id"], most=LATEST)))
    parts.append(_orders(desk.rows(ORDERS, **who, most=LATEST)))
    parts.append(_tickets(desk.rows(TICKETS, **who, most=LATEST)))
    return View(head["display_name"] or f"Customer {number}", parts)


def _facts(head: dict[str, Any], number: str, survivor: Survivor | None) -> Facts:
    shown = ("status", "kind", "since_on", "level", "lifecycle", "country", "region")
    titles = ("Status", "Kind", "Customer since", "Level", "Lifecycle", "Country", "Region")
    merged: list[tuple[str, Cell]] = []
    if survivor is not None:
        merged = [("Merged into", Link(survivor.number, to("/customers", survivor.number)))]
    return Facts(
        "Customer",
        [("Number", number), *merged]
        + [(title, str(head[name])) for title, name in zip(titles, shown, strict=True) if head[name] is not None],
    )


def _totals(desk: Desk, customer: int) -> Facts:
    roster = desk.roster()
    told: list[tuple[str, Cell]] = []
    for row in roster.totals(customer):
        year = f"{_money(row['year'], row['currency'])} in the last 365 days"
        told.append((f"Spend, {row['currency']}", f"{_money(row['spend'], row['currency'])}; {year}"))
        told.append((f"Orders, {row['currency']}", row["orders"]))
        if row["last"] is not None:
            told.append(("First and last order", f"{short(row['first'])[:10]}, {short(row['last'])[:10]}"))
    if roster.moment is not None:
        told.append(("As of", short(roster.moment)))
    return Facts("Bought, less returns", told or [("Orders", "none")])


def _offers(rows: list[dict[str, Any]]) -> list[Part]:
    """Recommended products, best first; of several versions of one moment the one that arrived last."""
    best: dict[int, dict[str, Any]] = {}
    for row in rows:
        best.setdefault(row["rank"], row)
    if not best:
        return []
    told = [(rank, row["product"], row["product_no"], row["reason"]) for rank, row in sorted(best.items())]
    note = f"As of {short(rows[0]['occurred_at'])}."
    return [Grid("Recommended products", ("Place", "Product", "Number", "Why"), told, note=note)]


def _scores(desk: Desk, number: str, rows: list[dict[str, Any]]) -> list[Part]:
    if not rows:
        return [Empty("No model has scored this customer yet.", "rapport score churn")]
    parts: list[Part] = [Heading("Scores")]
    explained = False
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        latest.setdefault(row["model"], row)
    for model, row in sorted(latest.items()):
        score = (
            [("Segment", row["band"])]
            if row["score"] is None
            else [("Score", f"{row['score']:.1%}"), ("Band", row["band"])]
        )
        told: list[tuple[str, Cell]] = [
            *score,
            ("As of", short(row["occurred_at"])),
            ("Model", Link(f"{desk.title(model)}, version {row['model_version']}", to("/models", model))),
        ]
        reasons = desk.reasons(model, row["model_version"], number, row["occurred_at"])
        told += [(f"Reason {place}", reason.text) for place, reason in enumerate(reasons, 1)]
        told += [("Reasons", UNTOLD)] if row["score"] is not None and not reasons else []
        parts.append(Facts(desk.title(model), told))
        explained = explained or bool(reasons)
    return [*parts, Text(EFFECT)] if explained else parts


def _segments(rows: list[dict[str, Any]]) -> Grid:
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        latest.setdefault(row["name"], row)
    inside = [
        (Link(row["title"] or name, to("/segments", name)), short(row["occurred_at"]))
        for name, row in sorted(latest.items())
        if row["change"] == "enter"
    ]
    return Grid("Segments", ("Segment", "Member since"), inside)


def _consents(rows: list[dict[str, Any]]) -> Grid:
    told = [(row["purpose"], row["channel"], row["decision"], row["basis"], short(row["occurred_at"])) for row in rows]
    note = "" if told else "No decision is recorded: this customer is left out of every list."
    return Grid("Consents", ("Purpose", "Channel", "Decision", "Basis", "When"), told, note=note)


def _orders(rows: list[dict[str, Any]]) -> Grid:
    told = [
        (row["order_no"], row["kind"], _money(row["amount"], row["currency"]), short(row["occurred_at"]))
        for row in rows
    ]
    return Grid("Latest orders", ("Order", "Kind", "Amount", "When"), told, numbers=frozenset({"Amount"}))


def _tickets(rows: list[dict[str, Any]]) -> Grid:
    told = [(row["ticket_no"], row["type"], row["state"], row["priority"], short(row["occurred_at"])) for row in rows]
    return Grid("Latest tickets", ("Ticket", "Type", "State", "Priority", "When"), told)


def _money(amount: int | None, currency: str) -> str | None:
    return None if amount is None else f"{amount / MONEY:,.2f} {currency}"


page = Page("/customers/{number:path}", view)
