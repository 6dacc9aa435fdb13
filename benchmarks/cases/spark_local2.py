"""Twenty window features of 500,000 rows through Spark with two local workers."""

from __future__ import annotations

from benchmarks.case import Case
from benchmarks.distributed import spark_beside_duckdb
from benchmarks.reference import Reference

case = Case(
    name="spark_local2",
    subject="20 features through Spark local[2], session started",
    baseline="DuckDB, range join from Parquet",
    unit="s",
    n=10_000_000,
    target=6,
    target_is_ratio=True,
    repeats=1,
    reference=Reference(),
    prepare=spark_beside_duckdb,
)
