"""The segments: what each is for, and how many are in it."""

from __future__ import annotations

from console.blocks import Empty, Grid, Link, View, to
from console.desk import Desk
from console.page import Asked, Page
from crm.clock import iso


def view(desk: Desk, _asked: Asked) -> View:
    """Every segment with its purpose, channel and members."""
    found = desk.segments.list()
    if not found:
        return View("Segments", [Empty("There are no segments yet.", "rapport segment build")])
    rows = [
        (Link(item.title or item.name, to("/segments", item.name)), item.kind, item.purpose, item.channel, item.members,
         "not built yet" if item.as_of is None else iso(item.as_of), item.problem)
        for item in found
    ]  # fmt: skip
    columns = ("Segment", "Kind", "Purpose", "Channel", "Members", "As of", "Problem")
    note = "Members are counted before the consent gate; a segment's page tells who may be contacted."
    return View("Segments", [Grid("Segments", columns, rows, frozenset({"Members"}), note)])


page = Page("/segments", view, "Segments", 2)
