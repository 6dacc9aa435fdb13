"""The business on one page: the overview report."""

from __future__ import annotations

from console.blocks import Empty, Grid, Heading, Part, View
from console.desk import Desk
from console.page import Asked, Page
from crm.clock import short
from reports import Report


def view(desk: Desk, _asked: Asked) -> View:
    """Every section of the overview report."""
    report = desk.overview()
    if not report.sources:
        return View("Overview", [Empty("There are no records yet.", "rapport demo")])
    parts: list[Part] = []
    for section in report.sections:
        parts += [Heading(section.title), *section.blocks]
    parts += [Heading("Sources"), _sources(report)]
    return View("Overview", parts, f"Data as of {short(report.as_of)}.")


def _sources(report: Report) -> Grid:
    rows = [
        (item.name, "live" if item.complete_until is None else short(item.complete_until), sum(item.rows.values()),
         item.rejected, item.rejects)
        for item in report.sources
    ]  # fmt: skip
    columns = ("Source", "Complete until", "Rows", "Rejected at the last import", "Kept in")
    return Grid("What was read", columns, rows, frozenset(columns[2:4]))


page = Page("/", view, "Overview", 0)
