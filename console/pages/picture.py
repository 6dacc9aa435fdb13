"""A picture that was drawn when a model was trained."""

from __future__ import annotations

from console.blocks import Sent
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page

MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def view(desk: Desk, asked: Asked) -> Sent:
    """The picture's bytes; an SVG opened by itself may style itself, and nothing else."""
    model, version, name = (asked.names[key] for key in ("model", "version", "name"))
    found = {item.version: item for item in desk.registry.versions(model)}
    path = desk.registry.pictures(found[version]).get(name) if version in found else None
    if path is None or path.suffix not in MEDIA:
        raise missing("picture", name, f"/models/{model}")
    return Sent(path.read_bytes(), MEDIA[path.suffix], POLICY)


page = Page("/pictures/{model}/{version}/{name}", view)
