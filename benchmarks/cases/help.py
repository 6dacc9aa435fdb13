"""How soon `rapport --help` answers."""

from __future__ import annotations

import sys

from benchmarks.case import Case, nothing_to_prepare, program

case = Case(
    name="help",
    subject="rapport --help",
    baseline="python -c pass",
    unit="s",
    n=1,
    target=0.3,
    repeats=9,
    prepare=nothing_to_prepare(
        lambda: program([sys.executable, "-m", "rapport.main", "--help"]),
        lambda: program([sys.executable, "-c", "pass"]),
    ),
)
