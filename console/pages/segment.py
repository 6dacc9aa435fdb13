"""One segment: the members who may be contacted, and why the others may not."""

from __future__ import annotations

from console.blocks import Empty, Facts, Grid, Link, Onward, Part, View, to
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page
from crm.clock import iso

ROWS = 100


def view(desk: Desk, asked: Asked) -> View:
    """One page of members; looking at it is kept in the audit log, as every list that leaves is."""
    name = asked.names["name"]
    info = next((item for item in desk.segments.list() if item.name == name), None)
    if info is None:
        raise missing("segment", name, "/segments")
    if info.as_of is None:
        why = info.problem or "This segment has not been built yet."
        return View(info.title or name, [Empty(why, f"rapport segment build {name}")])
    page = desk.segments.members(name, asked.query.get("cursor") or None, ROWS)
    released = page.released
    facts = Facts("Segment", [
        ("Purpose", released.purpose), ("Channel", released.channel), ("Members", f"{page.members:,}"),
        ("As of", iso(released.as_of)),
    ])  # fmt: skip
    suppressed = sorted(released.suppressed.items())
    heads = ("Reason", "Members")
    left_out = Grid("Left out on this page", heads, suppressed, frozenset({"Members"}), released.hint or "")
    people = [
        (Link(row["customer_no"], to("/customers", row["customer_no"])), row["name"], row["country"],
         iso(row["member_since"]), row["basis"])
        for row in released.rows.to_pylist()
    ]  # fmt: skip
    columns = ("Number", "Name", "Country", "Member since", "Basis")
    parts: list[Part] = [facts, left_out, Grid("May be contacted", columns, people)]
    if page.next_cursor:
        parts.append(Onward(to("/segments", name, cursor=page.next_cursor)))
    return View(info.title or name, parts)


page = Page("/segments/{name:path}", view)
