"""What moved: the latest watch of every model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.blocks import Empty, Grid, Heading, Part, View
from console.desk import Desk
from console.page import Asked, Page


def view(desk: Desk, _asked: Asked) -> View:
    """Alerts first, then the inputs that moved."""
    found = desk.watches()
    if not found:
        return View("Watch", [Empty("No model has been watched yet.", "rapport watch")])
    return View("Watch", [part for watch in found for part in _watch(watch)])


def _watch(watch: Mapping[str, Any]) -> list[Part]:
    window = watch["window"]
    alerts = [(item["severity"], item["subject"], item["text"], item["action"]) for item in watch["alerts"]]
    states = [column["status"] for column in watch["columns"].values()]
    note = (
        f"{window['rows']:,} rows as of {window['as_of']} beside {window['reference_rows']:,} as of "
        f"{window['reference_as_of']}; {states.count('drifted')} of {len(states)} inputs moved, "
        f"{states.count('insufficient')} have too few rows to judge."
    )
    return [
        Heading(f"{watch['model']} version {watch['version']}"),
        Grid("Alerts", ("Severity", "What", "Finding", "What to do"), alerts, note=note),
    ]


page = Page("/watch", view, "Watch", 4)
