"""A segment's profile: in what its members differ most from all other customers."""

from __future__ import annotations

from console.blocks import Empty, Facts, Grid, Link, View, to
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page
from crm.clock import short
from segments import Contrast, SegmentError


def view(desk: Desk, asked: Asked) -> View:
    """The strongest differences, each beside the figure of all others; it tells of nobody in particular."""
    name = asked.names["name"]
    info = next((item for item in desk.segments.list() if item.name == name), None)
    if info is None:
        raise missing("segment", name, "/segments")
    title = f"Profile of {info.title or name}"
    try:
        found = desk.profile(name)
    except SegmentError as error:
        return View(title, [Empty(str(error), "rapport segment list")])
    facts = Facts(
        "Compared",
        [
            ("Segment", Link(info.title or name, to("/segments", name))),
            ("As of", short(found.as_of)),
            ("Members", found.members),
            ("All other customers", found.others),
        ],
    )
    columns = ("Measure", "Members", "Others", "Difference", "A member has more")
    rows = [
        (_measure(item), _figure(item, item.inside), _figure(item, item.outside), f"{item.difference:+.2f}",
         f"{item.auc:.0%}")
        for item in found.contrasts
    ]  # fmt: skip
    note = (
        "Numbers are medians, or means where it says so; texts are shares. The difference is in standard deviations "
        "over all customers; the last column is how often a member has more than another customer, ties counting half."
    )
    return View(title, [facts, Grid("Strongest differences first", columns, rows, frozenset(columns[1:]), note)])


def _measure(item: Contrast) -> str:
    what = item.title if item.value is None else f"{item.title} is {item.value}"
    mean = ", on average" if item.is_mean else ""
    return f"{what}{mean}{' (by its rule)' if item.by_rule else ''}"


def _figure(item: Contrast, value: float) -> str:
    return f"{value:,.4g}" if item.value is None else f"{value:.0%}"


page = Page("/profiles/{name:path}", view)
