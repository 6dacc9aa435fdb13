"""One fitted model logged and registered in local SQLite: figures, pictures, tables and the artefact."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.models import of_rows
from benchmarks.tracking import FITTED, logged, registered

case = Case(
    name="log_run",
    subject="a candidate logged and registered in SQLite",
    baseline="MLflow's own calls, without a version",
    unit="s",
    n=1,
    target=1.0,
    repeats=5,
    prepare=partial(of_rows, registered, logged, FITTED),
)
