"""The whole loop on the made-up company, from an empty folder, beside the same with a tenth of the customers."""

from __future__ import annotations

import sys
import tempfile

from benchmarks.case import Case, Reading, nothing_to_prepare, program


def _demo(customers: int) -> Reading:
    with tempfile.TemporaryDirectory() as home:
        return program([sys.executable, "-m", "rapport.main", "demo", "--customers", str(customers), "--home", home])


case = Case(
    name="demo",
    subject="rapport demo, 10,000 customers",
    baseline="the same with 1,000 customers",
    unit="s",
    n=10_000,
    target=90,
    repeats=1,
    prepare=nothing_to_prepare(lambda: _demo(10_000), lambda: _demo(1_000)),
)
