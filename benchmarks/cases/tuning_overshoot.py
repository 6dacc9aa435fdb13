"""By how much a search for parameters oversteps its box of 10 seconds, on 100,000 rows by 40 columns."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.models import ROWS, of_rows, overshoot, plain_overshoot

case = Case(
    name="tuning_overshoot",
    subject="seconds beyond a box of 10 s",
    baseline="Optuna's own timeout, the same box",
    unit="s",
    n=ROWS,
    target=1.0,
    repeats=3,
    prepare=partial(of_rows, overshoot, plain_overshoot, ROWS),
)
