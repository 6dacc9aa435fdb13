"""One fit of 100,000 rows by 40 columns, from rows to an artefact; beside `lightgbm.train` alone.

The figure is what the platform adds (audit, other rungs, calibration, judgement, pictures, proof of parity, files)
beyond 15 % of the plain trainings that its protocol asks for: one for the number of rounds, one on the training rows,
one on those with the calibration rows.
"""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.models import ROWS, SPARE, of_rows, overhead, trainings

case = Case(
    name="fit_overhead",
    subject="a fit of 100,000 × 40, beyond 1.15 × its plain trainings",
    baseline="lightgbm.train, the same three trainings",
    unit="s",
    n=ROWS,
    target=SPARE,
    repeats=3,
    prepare=partial(of_rows, overhead, trainings, ROWS),
)
