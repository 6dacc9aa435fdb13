"""Customers, those most likely to leave first, found by number or name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.blocks import Cell, Choices, Empty, Grid, Link, Pager, Part, Search, View, to
from console.desk import Desk
from console.errors import ConsoleError
from console.page import Asked, Page
from console.roster import ORDERS, Roster
from crm.clock import short

ROWS = 50
MONEY = 10_000  # parts of one currency unit in which amounts are stored
SORTS = {"risk": "risk", "value": "value", "last": "last order", "name": "name", "number": "number"}

SEGMENTS = """
select customer_id, title from (
    select m.customer_id, coalesce(g.title, g.name) as title, m.change,
        row_number() over (partition by m.customer_id, m.segment_id order by m.occurred_at desc, m.seq desc) as place
    from segment_memberships m join segments g on g.id = m.segment_id
    where m.op <> 'retract' and m.customer_id in ({ids})
        and m.version = (select max(n.version) from segment_memberships n where n.id = m.id)
) facts where place = 1 and change = 'enter' order by title
"""


def view(desk: Desk, asked: Asked) -> View:
    """One page of customers, the searched ones or all."""
    words = asked.query.get("q", "").strip()[:100]
    roster = desk.roster()
    order = _order(asked.query.get("sort", ""), roster)
    number = _number(asked.query.get("page", "1"))
    found = roster.find(words, order, (number - 1) * ROWS, ROWS)
    if not found.total and not words:
        return View("Customers", [Empty("There are no customers yet.", "rapport import SOURCE PATH")])

    def at(page: int, sort: str = order) -> str:
        return to("/customers", q=words, sort=sort, page=str(page))

    sorts = [name for name in SORTS if name != "risk" or roster.scored is not None]
    parts: list[Part] = [
        Search("Number or name", "/customers", words),
        Choices("Sorted by", [Link(SORTS[name], "" if name == order else at(1, name)) for name in sorts]),
        _grid(desk, roster, found.rows, f"{found.total:,} customers" if found.total else _nobody(words)),
        Pager(
            at(number - 1) if number > 1 else "",
            at(number + 1) if number * ROWS < found.total else "",
            f"Page {number:,} of {max(1, -(-found.total // ROWS)):,}",
        ),
    ]
    return View("Customers", parts)


def _grid(desk: Desk, roster: Roster, rows: list[dict[str, Any]], title: str) -> Grid:
    ids = ", ".join(str(int(row["id"])) for row in rows)
    inside: dict[int, list[str]] = {}
    for item in desk.rows(SEGMENTS.format(ids=ids)) if rows else ():
        inside.setdefault(item["customer_id"], []).append(item["title"])
    columns = ("Number", "Name", "Risk", "Band", "Value, 365 days", "Last order", "Segments", "Country")
    told = [] if roster.scored is None else [f"Risk: the score of {roster.scored.said}."]
    if roster.moment is not None:
        told.append(f"Value: sales less returns in the 365 days before {short(roster.moment)}.")
    return Grid(
        title, columns, [_row(row, inside) for row in rows], frozenset({columns[2], columns[4]}), " ".join(told)
    )


def _row(item: Mapping[str, Any], inside: Mapping[int, list[str]]) -> tuple[Cell, ...]:
    value = None if item["value"] is None else f"{item['value'] / MONEY:,.2f} {item['currency']}"
    return (
        Link(item["number"], to("/customers", item["number"])),
        item["name"],
        None if item["score"] is None else f"{item['score']:.1%}",
        item["band"],
        value,
        None if item["last_order"] is None else short(item["last_order"])[:10],
        ", ".join(inside.get(item["id"], ())),
        item["country"],
    )


def _nobody(words: str) -> str:
    return f"Nobody's number begins with {words!r}, and no name holds it"


def _order(text: str, roster: Roster) -> str:
    if text and text not in ORDERS:
        raise ConsoleError(f"the list is sorted by {text[:50]!r}; one of {', '.join(ORDERS)} is expected; name one")
    return text or ("number" if roster.scored is None else "risk")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)):
        raise ConsoleError(f"the page is {text[:50]!r}; a whole number from 1 on is expected; begin at /customers")
    return int(text)


page = Page("/customers", view, "Customers", 1)
