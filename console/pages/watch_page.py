"""Evidently's page of one watch: each input beside its reference."""

from __future__ import annotations

from console.blocks import Sent
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page

POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""It needs its own script: it runs in an origin of its own, reaches nothing of the desk and no network."""


def view(desk: Desk, asked: Asked) -> Sent:
    """The page as it was written."""
    content = desk.watch_page(asked.names["name"])
    if content is None:
        raise missing("page of a watch", asked.names["name"], "/watch")
    return Sent(content, "text/html; charset=utf-8", POLICY)


page = Page("/watch/{name}", view)
