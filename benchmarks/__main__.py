"""Run the benchmarks: ``python -m benchmarks [CASE …]``; appends to results.jsonl and prints the table."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import cases
from benchmarks.case import RESULTS, Case, Result, append, run
from benchmarks.readme import PAGES, with_tables
from benchmarks.report import write_report
from benchmarks.sweep import sweep


def found() -> dict[str, Case]:
    """Every case defined in ``benchmarks/cases/*.py``, by name."""
    modules = [
        importlib.import_module(f"{cases.__name__}.{item.name}") for item in pkgutil.iter_modules(cases.__path__)
    ]
    return {module.case.name: module.case for module in modules}


def goal(case: Case) -> str:
    """What a case is to reach."""
    memory = "" if case.most_mb is None else f", {case.most_mb:,.0f} MB"
    return (f"ratio ≤ {case.target:g}" if case.target_is_ratio else f"≤ {case.target:g} {case.unit}") + memory


def line(result: Result) -> str:
    """One line of the printed table."""
    case = result.case
    peak = "" if result.subject.peak_mb is None else f"  peak {result.subject.peak_mb:,.0f} MB"
    verdict = "reached" if result.is_reached else "MISSED"
    return (
        f"{case.name:<22}{result.subject.value:>12.6f} {case.unit:<4} against {result.baseline.value:>12.6f}"
        f"  ratio {result.ratio:>7.3f}  {goal(case):<24} {verdict}{peak}  ({case.subject}; beside {case.baseline})"
    )


def asked(words: Sequence[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: all")
    parser.add_argument("--case", action="append", default=[], help="the same, one at a time")
    parser.add_argument("--list", action="store_true", help="name the cases and what they are to reach")
    parser.add_argument("--events", type=int, help="events of the reference data instead of each case's own")
    parser.add_argument("--spine", type=int, help="spine rows of the reference data")
    parser.add_argument("--repeats", type=int, help="measurements of each, instead of each case's own")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file of rows (default: %(default)s)")
    parser.add_argument("--sweep", action="store_true", help="how cost grows with events and spine, into results.jsonl")
    parser.add_argument("--readme", action="store_true", help="write the README's tables anew from what was measured")
    parser.add_argument("--report", metavar="FILE", help="a page of pictures of what was measured so far")
    return parser.parse_args(words)


def measure(case: Case, options: argparse.Namespace) -> Result | str:
    """The result of a case, or why there is none."""
    try:
        return run(case.sized(options.events, options.spine), options.repeats)
    except (OSError, RuntimeError, AssertionError) as error:
        return f"{case.name:<22}NOT MEASURED: {error}"


def main(words: Sequence[str]) -> int:
    """Measure the named cases, or all; 0 when every target is reached."""
    options, chosen = asked(words), found()
    names = [*options.cases, *options.case]
    unknown = set(names) - set(chosen)
    if unknown:
        print(f"the case {sorted(unknown)[0]!r} is unknown; one of {', '.join(chosen)} is expected")
        return 2
    if options.list:
        print(
            "\n".join(
                f"{case.name:<22}{goal(case):<26}{case.subject}; beside {case.baseline}" for case in chosen.values()
            )
        )
        return 0
    if options.readme:
        for page in PAGES:
            page.write_text(with_tables(page.read_text(encoding="utf-8"), chosen), encoding="utf-8")
            print(page)
        return 0
    if options.report:
        print(write_report(options.report, options.results))
        return 0
    if options.sweep:
        for row in sweep(options.events, options.spine, options.results):
            print(row, flush=True)
        return 0
    table, reached = [], True
    for name in names or chosen:
        result = measure(chosen[name], options)
        reached &= isinstance(result, Result) and result.is_reached
        if isinstance(result, Result):
            append(result, options.results)
        table.append(line(result) if isinstance(result, Result) else result)
        print(table[-1], flush=True)
    if len(table) > 1:
        print("\nAll together:", *table, sep="\n")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
