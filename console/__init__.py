"""The web desk: pages drawn on the server, for people who will not open a notebook or a terminal.

In: records, segments, the registry, reports and watches. Out: pages that work without script, on a phone and with the
keyboard. Imported by pipelines and rapport. The web framework is loaded when `run` is called.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.desk import Desk, open  # noqa: A004 - `console.open(settings)`, as each package is opened
    from console.server import run

_HOMES = {"Desk": "console.desk", "open": "console.desk", "run": "console.server"}

__all__ = ["Desk", "open", "run"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'console' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
