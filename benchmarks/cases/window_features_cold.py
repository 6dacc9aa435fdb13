"""The raw events imported into an empty history, then twenty window features of 500,000 rows."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.offline import beside_duckdb
from benchmarks.reference import Reference

case = Case(
    name="window_features_cold",
    subject="import of raw Parquet, then 20 features",
    baseline="DuckDB, range join from Parquet",
    unit="s",
    n=10_000_000,
    target=0.6,
    target_is_ratio=True,
    repeats=3,
    reference=Reference(),
    prepare=partial(beside_duckdb, "windows", is_cold=True),
)
