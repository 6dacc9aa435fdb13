"""Twenty window features of one entity with 100,000 events, computed at the moment of the question, from SQLite."""

from __future__ import annotations

from benchmarks.case import Case
from benchmarks.hot import tiles_beside_rows

case = Case(
    name="online_hot",
    subject="p50 of one entity with 100,000 events, 20 window features, SQLite",
    baseline="the kernel over all its rows, held in memory, p50",
    unit="s",
    n=100_000,
    target=0.25,
    target_is_ratio=True,
    repeats=3,
    prepare=tiles_beside_rows,
)
