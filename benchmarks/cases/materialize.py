"""Twenty latest values of 100,000 customers into SQLite."""

from __future__ import annotations

from benchmarks.case import Case
from benchmarks.online import materialize_beside_feast
from benchmarks.reference import Reference

case = Case(
    name="materialize",
    subject="20 latest values of 100,000 entities into SQLite",
    baseline="Feast 0.67, the same",
    unit="s",
    n=10_000_000,
    target=0.03,
    target_is_ratio=True,
    repeats=3,
    reference=Reference(10_000_000),
    prepare=materialize_beside_feast,
)
