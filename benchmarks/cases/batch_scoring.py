"""A million rows by 40 columns from a Parquet matrix to Parquet scores; beside the raw prediction in memory."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.models import of_model, predicted, scored

ROWS = 1_000_000

case = Case(
    name="batch_scoring",
    subject="1,000,000 × 40 from Parquet to Parquet",
    baseline="Booster.predict of the matrix in memory",
    unit="s",
    n=ROWS,
    target=1.4,
    target_is_ratio=True,
    repeats=3,
    prepare=partial(of_model, scored, predicted, rows=ROWS),
)
