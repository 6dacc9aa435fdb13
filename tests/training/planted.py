"""Labelled rows with planted truths, and a problem over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from configs import Settings
from crm.clock import DAY
from scoring import Floats
from training.inputs import Input
from training.policies import BandNames, Costs
from training.problem import Population, Problem, Rule
from training.rows import Rows
from training.spec import Context
from training.splits import Split, by_order, in_folds

COSTS = Costs(1.0, 30.0, 0.1, "a contact costs 1 and one in ten keeps a customer worth 30")
BANDS = BandNames((("low", 0.5), ("medium", 0.3), ("high", 0.2)))
START = 20_000 * DAY


def chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)), dtype=np.float64)


def rows_of(count: int, *, seed: int = 1, strength: float = 1.0, **more: npt.NDArray[Any]) -> Rows:
    """Rows whose outcome hangs on recency, plan and, beyond a line, on an interaction; `noise` says nothing."""
    draw = np.random.default_rng(seed)
    since = draw.exponential(40.0, count)
    plan = draw.choice(np.array(["basic", "gold", "silver", None], dtype=object), count, p=[0.4, 0.3, 0.2, 0.1])
    visits = draw.normal(size=count)
    signal = 1.3 * np.log1p(since / 20) + 1.0 * (plan == "basic") - 0.8 * visits - 1.6
    y = (draw.random(count) < chance(strength * signal)).astype(np.float64)
    frame = {
        "shop:since": since,
        "shop:plan": plan,
        "shop:visits_30d": np.where(draw.random(count) < 0.1, np.nan, visits),
        "shop:noise": draw.normal(size=count),
        **more,
    }
    return Rows(np.arange(count), np.full(count, START), y, frame)


def inputs_of(rows: Rows) -> list[Input]:
    """An input for each feature of some rows."""
    return [
        Input(ref, "category" if values.dtype == object else "float", ref.partition(":")[2], family="shop", topic=ref)
        for ref, values in sorted(rows.frame.items())
    ]


def problem_of(rows: Rows, **given: Any) -> Problem:
    """Will they leave?"""
    fields: dict[str, Any] = {
        "name": "made",
        "entity": "customer",
        "title": "Made",
        "outcome": "a customer leaves",
        "form": "It is made up.",
        "population": Population("shop__since > 0", ("shop:since",), "everybody"),
        "inputs": inputs_of(rows),
        "rules": (Rule("shop:since", "the longest away first"),),
        "costs": COSTS,
        "bands": BANDS,
        "declarations": {"shop": {"version": "0" * 64, "entity": "customer", "ttl": [], "fields": {}}},
    }
    return Problem(**fields | given)


def in_order(rows: Rows) -> Split:
    return Split("order", "the first 64 % teach", *by_order(rows))


def dealt(rows: Rows) -> Split:
    return in_folds("random", "dealt at random", rows, seed=1)


def context_of(home: Path, **given: Any) -> Context:
    """A context without records: everything that a fit on rows needs."""
    settings = Settings(home=home, **given.pop("settings", {}))
    unused: Any = None
    return Context(settings=settings, store=unused, records=unused, **given)
