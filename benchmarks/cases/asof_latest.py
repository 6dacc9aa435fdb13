"""The latest twenty columns of 500,000 rows from the persisted history."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.offline import beside_duckdb
from benchmarks.reference import Reference

case = Case(
    name="asof_latest",
    subject="latest 20 columns from the history",
    baseline="DuckDB, ASOF join from Parquet",
    unit="s",
    n=10_000_000,
    target=0.2,
    target_is_ratio=True,
    repeats=3,
    reference=Reference(),
    prepare=partial(beside_duckdb, "latest"),
)
