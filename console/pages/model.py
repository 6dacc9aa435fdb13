"""One model: how good it is, its card, what moves its answers, its pictures, its versions, and why one answers."""

from __future__ import annotations

from typing import Any

from configs import RapportError
from console.blocks import Facts, Grid, Link, Markdown, Part, Pictures, View, to
from console.desk import Desk
from console.errors import missing
from console.figures import WORDS, wording
from console.page import Asked, Page
from crm.clock import short
from registry import ModelVersion
from reports import Chart, Figure, Series, Text
from scoring.cards import FOLDER

TOLD_ABOVE = frozenset({"How good it is"})
"""Chapters of the card that repeat the page's own figures."""

INFLUENCES = 12


def view(desk: Desk, asked: Asked) -> View:
    """Figures, card and pictures of the version that answers (or the newest), all versions, decisions with reasons."""
    name = asked.names["name"]
    versions = desk.registry.versions(name)
    if not versions:
        raise missing("model", name, "/models")
    shown = next((item for item in versions if "champion" in item.aliases), versions[-1])
    card = _card(desk, shown)
    parts: list[Part] = [
        _facts(desk, shown),
        _figures(shown),
        card,
        *_influence(desk, shown),
        *_further(desk, shown, card),
        _versions(versions),
        _decisions(desk, name),
    ]
    return View(desk.title(name), parts)


def _facts(desk: Desk, version: ModelVersion) -> Facts:
    answers = "answers now" if "champion" in version.aliases else "no version answers; this is the newest"
    whole = Link("with its pictures, to print or send", to("/cards", version.model, version.version))
    return Facts("In short", [
        ("Version", f"{version.version} ({answers})"), ("Grade", version.grade),
        ("Learned until", short(version.as_of)), ("Training rows", version.rows), ("Name in commands", version.model),
        *([("Card on one page", whole)] if desk.registry.card(version) else []),
    ])  # fmt: skip


def _figures(version: ModelVersion) -> Grid:
    naive: dict[str, Any] = version.summary.get("naive", {})
    found = version.summary.get("metrics", {})
    rows = [
        (wording(name).title, _number(found[name].get("value")), _range(found[name]), _number(naive.get(name)),
         wording(name).meaning)
        for name in [*(item for item in WORDS if item in found), *sorted(set(found) - set(WORDS))]
    ]  # fmt: skip
    columns = ("Figure", "Value", "95 % interval", "Naive rule", "What it says")
    note = f"Measured on rows that the model did not see. The naive rule: {naive.get('rule', 'none')}."
    return Grid("How good it is", columns, rows, frozenset(columns[1:4]), note)


def _card(desk: Desk, version: ModelVersion) -> Part:
    try:
        card = desk.registry.open_model(version).card
    except RapportError as error:
        return Text(str(error))
    return Markdown(f"Card of version {version.version}", card, TOLD_ABOVE, _addresses(desk, version))


def _influence(desk: Desk, version: ModelVersion) -> list[Part]:
    """What moves the answers most, on average over all of them."""
    found: dict[str, float] = desk.registry.table(version, "influence") or {}
    titles = desk.topics(version)
    ranked = sorted(((effect, name) for name, effect in found.items() if effect > 0), reverse=True)[:INFLUENCES]
    if not ranked:
        return []
    chart = Chart(
        kind="across",
        title="What moves its answers most",
        x=[titles.get(name, name) for _, name in ranked],
        x_title="What it looks at",
        series=[Series(name="mean effect", values=[effect for effect, _ in ranked])],
    )
    note = "By how much each moves an answer on average, up or down, in log-odds; all time spans of one thing together."
    return [Text(note), Figure(chart)]


def _addresses(desk: Desk, version: ModelVersion) -> dict[str, str]:
    """Where each picture that was drawn is to be had, by file name."""
    drawn = [name for name in desk.registry.pictures(version) if name.endswith(".svg")]
    return {name: to("/pictures", version.model, version.version, name) for name in drawn}


def _further(desk: Desk, version: ModelVersion, card: Part) -> list[Part]:
    """The pictures that the card does not show."""
    text = card.text if isinstance(card, Markdown) else ""
    links = [
        Link(name.removesuffix(".svg").replace("_", " ").capitalize(), address)
        for name, address in _addresses(desk, version).items()
        if f"]({FOLDER}{name})" not in text
    ]
    return [Pictures(f"Pictures of version {version.version}", links)] if links else []


def _versions(versions: list[ModelVersion]) -> Grid:
    rows = [
        (item.version, ", ".join(item.aliases), item.grade, item.rung, item.protocol, item.rows, short(item.as_of))
        for item in reversed(versions)
    ]
    columns = ("Version", "Is", "Grade", "Rung", "Protocol", "Training rows", "Learned until")
    return Grid("Versions", columns, rows, frozenset({"Training rows"}))


def _decisions(desk: Desk, name: str) -> Grid:
    rows = [
        (short(entry.at), entry.version, entry.action, entry.actor,
         " ".join(entry.decision.reasons) if entry.decision else entry.reason)
        for entry in reversed(desk.registry.decisions(name))
    ]  # fmt: skip
    return Grid("Decisions", ("When", "Version", "What", "Who", "Why"), rows)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:,.3f}"


def _range(figure: dict[str, float | None]) -> str | None:
    low, high = _number(figure.get("low")), _number(figure.get("high"))
    return None if low is None or high is None else f"{low} to {high}"


page = Page("/models/{name:path}", view)
