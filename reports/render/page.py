"""A report as one HTML file that needs nothing else: no script, no network, its style inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crm.clock import iso, short
from reports.charts import Chart, both
from reports.report import Block, Figure, Findings, KeyNumbers, Report, Text

_TEMPLATES = Path(__file__).parent / "templates"


def html(report: Report) -> bytes:
    """The page's bytes (UTF-8).

    Everything that comes from records is escaped, and the page's own policy forbids scripts and outside
    resources. It prints, follows the reader's light or dark setting, and fits a phone.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(draw=_draw, kind=_kind, iso=iso, short=short, zip=zip)
    style = Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return environment.get_template("report.html").render(report=report, style=style).encode()


def _draw(chart: Chart) -> Markup:
    return Markup(both(chart))  # noqa: S704 - the canvas escapes every text and attribute


def _kind(block: Block) -> str:
    kinds: dict[Any, str] = {Text: "text", KeyNumbers: "numbers", Figure: "figure", Findings: "findings"}
    return kinds.get(type(block), "table")
