"""The README's tables, made from the rows that were measured: `python -m benchmarks --readme` writes them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.case import RESULTS, Case
from benchmarks.quality import RESULTS as FIGURES
from benchmarks.studies import STUDIES

HERE = Path(__file__).parents[1]
PAGES = (HERE / "README.md", HERE / "docs" / "measured.md")
"""The README shows some rows, the page all."""

SPEED = ("| measured | ours | beside | ratio | at most |", "|---|---:|---:|---:|---:|")
QUALITY = ("| data | task | protocol | figure | target | naive rule | grade |", "|---|---|---|---|---|---|---|")


def latest(path: Path, *keys: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The last row of each combination of `keys` in a file of rows; none where the file is absent."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return {tuple(row[key] for key in keys): row for row in rows}


def speed(cases: Mapping[str, Case], path: Path = RESULTS) -> dict[str, str]:
    """A line by case that was measured at its own size: figure, baseline, ratio, target."""
    measured = latest(path, "case", "n")
    lines = {}
    for case in cases.values():
        row = measured.get((case.name, case.n))
        if row is not None:
            most = f"{case.target:g}" if case.target_is_ratio else f"{case.target:g} {case.unit}"
            lines[case.name] = (
                f"| `{case.name}`: {case.subject} | {_seconds(row['subject'])} | {case.baseline}: "
                f"{_seconds(row['baseline'])} | {row['ratio']:.3g} | {most} |"
            )
    return lines


def quality(path: Path = FIGURES) -> dict[str, str]:
    """A line by training (``data/task/metric``) that was run: its first figure with interval, target, rule, grade."""
    measured = latest(path, "data", "task", "metric")
    lines = {}
    for study in [item for item in STUDIES if item.command == "train"]:
        row = measured.get((study.data, study.task, study.metric))
        if row is not None:
            naive = "–" if row["naive"] is None else f"{row['naive']:.3f}"
            lines[f"{study.data}/{study.task}/{study.metric}"] = (
                f"| {study.data} | {study.task} | {row['protocol']} | {study.metric} {row['value']:.3f} "
                f"({row['low']:.3f}–{row['high']:.3f}) | {study.due} | {naive} | {row['grade']} |"
            )
    return lines


def written(text: str, name: str, rows: Mapping[str, str], head: Sequence[str]) -> str:
    """A page with a table between the marks of `name`; an opening mark may list the rows that it wants.

    Examples
    --------
    >>> print(written("<!-- speed b -->\\nold\\n<!-- /speed -->", "speed", {"a": "| 1 |", "b": "| 2 |"}, ["| x |"]))
    <!-- speed b -->
    | x |
    | 2 |
    <!-- /speed -->
    """

    def table(found: re.Match[str]) -> str:
        wanted = found["wanted"].split()
        lines = [*head, *(line for key, line in rows.items() if not wanted or key in wanted)]
        return "\n".join([found["opening"], *lines, found["closing"]])

    marks = rf"(?P<opening><!-- {name}(?P<wanted>[^>]*?) -->)\n.*?(?P<closing><!-- /{name} -->)"
    return re.sub(marks, table, text, flags=re.DOTALL)


def with_tables(text: str, cases: Mapping[str, Case]) -> str:
    """A page with both tables as measured."""
    return written(written(text, "speed", speed(cases), SPEED), "quality", quality(), QUALITY)


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"
