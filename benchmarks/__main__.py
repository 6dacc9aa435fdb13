"""Run the benchmarks: ``python -m benchmarks [CASE …]``; appends to results.jsonl and prints the table."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

from benchmarks import cases
from benchmarks.case import Case, Result, append, run


def found() -> dict[str, Case]:
    """Every case defined in ``benchmarks/cases/*.py``, by name."""
    modules = [
        importlib.import_module(f"{cases.__name__}.{item.name}") for item in pkgutil.iter_modules(cases.__path__)
    ]
    return {module.case.name: module.case for module in modules}


def line(result: Result) -> str:
    """One line of the printed table."""
    case = result.case
    target = f"ratio ≤ {case.target:g}" if case.target_is_ratio else f"≤ {case.target:g} {case.unit}"
    peak = "" if result.subject.peak_mb is None else f"  peak {result.subject.peak_mb:,.0f} MB"
    verdict = "reached" if result.is_reached else "MISSED"
    return (
        f"{case.name:<18}{result.subject.value:>10.3f} {case.unit:<4} against {result.baseline.value:>9.3f}"
        f"  ratio {result.ratio:>7.3f}  {target:<14} {verdict}{peak}  ({case.subject}; beside {case.baseline})"
    )


def main(names: Sequence[str]) -> int:
    """Measure the named cases, or all; 0 when every target is reached."""
    chosen = found()
    unknown = set(names) - set(chosen)
    if unknown:
        print(f"the case {sorted(unknown)[0]!r} is unknown; one of {', '.join(chosen)} is expected")
        return 2
    reached = True
    for name in names or chosen:
        result = run(chosen[name])
        append(result)
        reached &= result.is_reached
        print(line(result), flush=True)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
