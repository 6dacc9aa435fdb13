"""A page of the desk, and finding all of them: one file each in `console/pages`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import console.pages
from console.blocks import Sent, View
from console.desk import Desk
from console.errors import ConsoleError


@dataclass(frozen=True)
class Asked:
    """What was asked of a page: names from its address, and the query."""

    names: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    path : str
        Its address, ``{name:path}`` for what may be anything.
    view : callable
        Makes the page, or the file to send, from the open parts and what was asked.
    menu : str
        Its name in the menu; empty for pages that others lead to.
    place : int
        Its place in the menu.
    """

    path: str
    view: Callable[[Desk, Asked], View | Sent]
    menu: str = ""
    place: int = 0


def pages() -> list[Page]:
    """Every page, in the order of the menu.

    Raises
    ------
    ConsoleError
        If a file in the folder defines no page.
    """
    found = []
    for module in pkgutil.iter_modules(console.pages.__path__):
        page = getattr(importlib.import_module(f"console.pages.{module.name}"), "page", None)
        if not isinstance(page, Page):
            raise ConsoleError(
                f"console/pages/{module.name}.py defines no page; `page = Page(path, view, menu)` is expected; add it"
            )
        found.append(page)
    return sorted(found, key=lambda item: (item.place, item.path))
