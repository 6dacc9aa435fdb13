"""The segments: what each is for, how many are in it, and how many of them may be contacted."""

from __future__ import annotations

from console.blocks import Empty, Facts, Grid, Link, View, to
from console.desk import Desk
from console.page import Asked, Page
from crm.clock import short


def view(desk: Desk, _asked: Asked) -> View:
    """Every segment with its purpose, channel and members."""
    found = desk.segments.list()
    if not found:
        return View("Segments", [Empty("There are no segments yet.", "rapport segment build")])
    allowed = desk.allowed()
    rows = [
        (Link(item.title or item.name, to("/segments", item.name)), item.members, allowed.get(item.name), item.purpose,
         item.channel, "not built yet" if item.as_of is None else short(item.as_of),
         item.problem or item.description or desk.portrait(item.title))
        for item in found
    ]  # fmt: skip
    columns = ("Segment", "Members", "May be contacted", "Purpose", "Channel", "As of", "What it is")
    grid = Grid("Segments", columns, rows, frozenset(columns[1:3]))
    return View(
        "Segments", [grid, Facts("How they relate", [("Customers in common", Link("Overlap of segments", "/overlap"))])]
    )


page = Page("/segments", view, "Segments", 2)
