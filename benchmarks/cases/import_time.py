"""How long `import features` takes."""

from __future__ import annotations

import sys

from benchmarks.case import Case, nothing_to_prepare, program

case = Case(
    name="import_time",
    subject="import features",
    baseline="import pandas",
    unit="s",
    n=1,
    target=1.0,
    target_is_ratio=True,
    repeats=9,
    prepare=nothing_to_prepare(
        lambda: program([sys.executable, "-c", "import features"]),
        lambda: program([sys.executable, "-c", "import pandas"]),
    ),
)
