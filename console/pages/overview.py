"""The business on one page: the overview report."""

from __future__ import annotations

from console.blocks import Empty, Heading, Part, View
from console.desk import Desk
from console.page import Asked, Page
from crm.clock import iso


def view(desk: Desk, _asked: Asked) -> View:
    """Every section of the overview report."""
    report = desk.overview()
    if not report.sources:
        return View("Overview", [Empty("There are no records yet.", "rapport demo")])
    parts: list[Part] = []
    for section in report.sections:
        parts += [Heading(section.title), *section.blocks]
    return View("Overview", parts, f"Data as of {iso(report.as_of)}.")


page = Page("/", view, "Overview", 0)
