"""One model: its versions, how good each was, why one of them answers, and its card."""

from __future__ import annotations

from typing import Any

from configs import RapportError
from console.blocks import Grid, Part, Plain, View
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page
from crm.clock import iso
from registry import ModelVersion


def view(desk: Desk, asked: Asked) -> View:
    """Versions, decisions with their reasons, figures and the card of the version that answers (or the newest)."""
    name = asked.names["name"]
    versions = desk.registry.versions(name)
    if not versions:
        raise missing("model", name, "/models")
    shown = next((item for item in versions if "champion" in item.aliases), versions[-1])
    rows = [
        (item.version, ", ".join(item.aliases), item.grade, item.rung, item.protocol, item.rows, iso(item.as_of))
        for item in reversed(versions)
    ]
    columns = ("Version", "Is", "Grade", "Rung", "Protocol", "Training rows", "Learned until")
    parts: list[Part] = [
        Grid("Versions", columns, rows, frozenset({"Training rows"})),
        _figures(shown),
        _decisions(desk, name),
    ]
    parts.append(Plain(f"Card of version {shown.version}", _card(desk, shown)))
    return View(f"Model {name}", parts)


def _figures(version: ModelVersion) -> Grid:
    naive: dict[str, Any] = version.summary.get("naive", {})
    rows = [
        (name, _number(figure.get("value")), _range(figure), _number(naive.get(name)))
        for name, figure in sorted(version.summary.get("metrics", {}).items())
    ]
    columns = ("Figure", "Value", "95 % interval", f"Naive rule: {naive.get('rule', 'none')}")
    return Grid(f"Figures of version {version.version}", columns, rows, frozenset(columns[1:]))


def _decisions(desk: Desk, name: str) -> Grid:
    rows = [
        (iso(entry.at), entry.version, entry.action, entry.actor,
         " ".join(entry.decision.reasons) if entry.decision else entry.reason)
        for entry in reversed(desk.registry.decisions(name))
    ]  # fmt: skip
    return Grid("Decisions", ("When", "Version", "What", "Who", "Why"), rows)


def _card(desk: Desk, version: ModelVersion) -> str:
    try:
        return desk.registry.open_model(version).card
    except RapportError as error:
        return str(error)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:,.3f}"


def _range(figure: dict[str, float | None]) -> str | None:
    low, high = _number(figure.get("low")), _number(figure.get("high"))
    return None if low is None or high is None else f"{low} to {high}"


page = Page("/models/{name:path}", view)
