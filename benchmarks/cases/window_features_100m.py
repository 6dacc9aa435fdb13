"""Twenty window features of 500,000 rows from 100 million events, in at most 4 GB."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.offline import beside_duckdb
from benchmarks.reference import Reference

case = Case(
    name="window_features_100m",
    subject="20 features from the persisted history",
    baseline="DuckDB, range join from Parquet",
    unit="s",
    n=100_000_000,
    target=0.15,
    target_is_ratio=True,
    repeats=1,
    reference=Reference(100_000_000),
    most_mb=4_096,
    prepare=partial(beside_duckdb, "windows"),
)
