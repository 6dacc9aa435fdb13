"""The card of a version as one page with its pictures in it, to be printed or sent."""

from __future__ import annotations

from console.blocks import Sent
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def view(desk: Desk, asked: Asked) -> Sent:
    """The page's bytes as they were logged; it may style itself, and nothing else."""
    model, version = asked.names["model"], asked.names["version"]
    found = {item.version: item for item in desk.registry.versions(model)}
    path = desk.registry.card(found[version]) if version in found else None
    if path is None:
        raise missing("card", f"{model} {version}", f"/models/{model}")
    return Sent(path.read_bytes(), "text/html; charset=utf-8", POLICY)


page = Page("/cards/{model}/{version}", view)
