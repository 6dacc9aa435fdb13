"""From a view to the bytes of a page; everything that comes from records is escaped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from console.blocks import View
from console.page import Page
from reports.charts import Chart, both
from scoring import cards

HOME = Path(__file__).parent
_PICTURE = Markup('<a href="{0}"><img src="{0}" alt="{1}" loading="lazy"></a>')


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
    environment.globals.update(draw=_chart, markdown=_card, kind=lambda part: type(part).__name__, zip=zip)
    return environment.get_template("page.html")


def _card(text: str, leave_out: Collection[str], pictures: Mapping[str, str]) -> Markup:
    def show(name: str, words: str) -> str:
        return _PICTURE.format(pictures[name], words) if name in pictures else ""

    return cards.html(text, leave_out, show)


def _chart(chart: Chart) -> Markup:
    return Markup(both(chart))  # noqa: S704 - the canvas escapes every text and attribute
