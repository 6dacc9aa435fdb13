"""From a view to the bytes of a page; everything that comes from records is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from console.blocks import View
from console.cards import html
from console.page import Page
from reports.charts import Chart, both

HOME = Path(__file__).parent


def draw(view: View, menu: Sequence[Page], here: str) -> str:
    """The page's HTML.

    Parameters
    ----------
    menu : sequence of Page
        Every page that the menu names.
    here : str
        The menu's entry that the page belongs to.
    """
    return _template().render(view=view, menu=menu, here=here)


def style() -> bytes:
    """The one stylesheet."""
    return (HOME / "static" / "style.css").read_bytes()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(draw=_chart, markdown=html, kind=lambda part: type(part).__name__, zip=zip)
    return environment.get_template("page.html")


def _chart(chart: Chart) -> Markup:
    return Markup(both(chart))  # noqa: S704 - the canvas escapes every text and attribute
