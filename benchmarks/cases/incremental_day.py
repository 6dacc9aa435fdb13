"""One more day of 10,000 events appended and the online states refreshed; beside building everything."""

from __future__ import annotations

from benchmarks.case import Case
from benchmarks.online import day_beside_full
from benchmarks.reference import Reference

case = Case(
    name="incremental_day",
    subject="a day appended and refreshed",
    baseline="history and online states built anew",
    unit="s",
    n=10_000_000,
    target=0.1,
    target_is_ratio=True,
    repeats=3,
    reference=Reference(),
    prepare=day_beside_full,
)
