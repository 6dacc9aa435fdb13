"""Customers, found by number or name."""

from __future__ import annotations

from typing import Any

from console.blocks import Cell, Empty, Grid, Link, Onward, Part, Search, View, to
from console.desk import Desk
from console.errors import ConsoleError
from console.page import Asked, Page

ROWS = 50

SQL = r"""
select c.id, c.customer_no, p.display_name, c.kind, c.country, c.lifecycle
from customers c join parties p on p.id = c.party_id
where c.op <> 'retract' and c.id > :after
  and (c.customer_no like :begins escape '\' or lower(p.display_name) like :holds escape '\')
order by c.id limit :most
"""


def view(desk: Desk, asked: Asked) -> View:
    """One page of customers, the searched ones or all."""
    words = asked.query.get("q", "").strip()[:100]
    found = _rows(desk, words, _after(asked.query.get("after", "")))
    parts: list[Part] = [Search("Number or name", "/customers", words)]
    if not found and not words:
        return View("Customers", [Empty("There are no customers yet.", "rapport import SOURCE PATH")])
    rows = [_row(item) for item in found[:ROWS]]
    note = "" if rows else f"Nobody's number begins with {words!r}, and no name holds it."
    parts.append(Grid("Customers", ("Number", "Name", "Kind", "Country", "Lifecycle"), rows, note=note))
    if len(found) > ROWS:
        parts.append(Onward(to("/customers", q=words, after=str(found[ROWS - 1]["id"]))))
    return View("Customers", parts)


def _row(item: dict[str, Any]) -> tuple[Cell, ...]:
    number = item["customer_no"]
    link = Link(number, to("/customers", number))
    return link, item["display_name"], item["kind"], item["country"], item["lifecycle"]


def _rows(desk: Desk, words: str, after: int) -> list[dict[str, Any]]:
    plain = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return desk.rows(SQL, after=after, begins=f"{plain}%", holds=f"%{plain.lower()}%", most=ROWS + 1)


def _after(text: str) -> int:
    if not text:
        return -1
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ConsoleError(f"the page begins after {text[:50]!r}; a whole number is expected; begin at /customers")
    return int(text)


page = Page("/customers", view, "Customers", 1)
