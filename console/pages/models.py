"""The models: which version of each answers."""

from __future__ import annotations

from console.blocks import Cell, Empty, Grid, Link, View, to
from console.desk import Desk
from console.page import Asked, Page
from crm.clock import short


def view(desk: Desk, _asked: Asked) -> View:
    """Every model with its champion."""
    names = desk.registry.models()
    if not names:
        return View("Models", [Empty("No model has been trained yet.", "rapport train churn")])
    rows = [_row(desk, name) for name in names]
    return View("Models", [Grid("Models", ("Model", "Champion", "Grade", "Rung", "Learned until", "Newest"), rows)])


def _row(desk: Desk, name: str) -> tuple[Cell, ...]:
    versions = desk.registry.versions(name)
    champion = next((item for item in versions if "champion" in item.aliases), None)
    shown = champion or versions[-1]
    answers = "none" if champion is None else champion.version
    link = Link(desk.title(name), to("/models", name))
    return link, answers, shown.grade, shown.rung, short(shown.as_of), versions[-1].version


page = Page("/models", view, "Models", 3)
