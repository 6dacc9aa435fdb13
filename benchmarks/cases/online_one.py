"""Twenty window features of one entity computed at the moment of the question, from SQLite."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.online import questions_beside_feast
from benchmarks.reference import Reference

case = Case(
    name="online_one",
    subject="p50 of one entity, 20 window features, SQLite",
    baseline="Feast 0.67, SQLite, 20 stored values, p50",
    unit="s",
    n=1_000_000,
    target=0.15,
    target_is_ratio=True,
    repeats=3,
    reference=Reference(1_000_000),
    prepare=partial(questions_beside_feast, 1),
)
