"""The README's tables, made from the rows that were measured: `python -m benchmarks --readme` writes them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.case import RESULTS, Case
from benchmarks.quality import RESULTS as QUALITY
from benchmarks.quality import STUDIES

README = Path(__file__).parents[1] / "README.md"
SPEED, FIGURES = "speed", "quality"


def latest(path: Path, *keys: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The last row of each combination of `keys` in a file of rows; none where the file is absent."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return {tuple(row[key] for key in keys): row for row in rows}


def speed(cases: Mapping[str, Case], path: Path = RESULTS) -> list[str]:
    """One line for each case that was measured at its own size: figure, baseline, ratio, target."""
    measured = latest(path, "case", "n")
    lines = ["| measured | ours | beside | ratio | at most |", "|---|---:|---:|---:|---:|"]
    for case in cases.values():
        row = measured.get((case.name, case.n))
        if row is not None:
            most = f"{case.target:g}" if case.target_is_ratio else f"{case.target:g} {case.unit}"
            lines.append(
                f"| `{case.name}`: {case.subject} | {_seconds(row['subject'])} | {case.baseline}: "
                f"{_seconds(row['baseline'])} | {row['ratio']:.3g} | {most} |"
            )
    return lines


def quality(path: Path = QUALITY) -> list[str]:
    """One line for each study that was run: figure with interval, target, naive rule, grade."""
    measured = latest(path, "data", "task", "metric")
    lines = ["| data | task | protocol | figure | target | naive rule | grade |", "|---|---|---|---|---|---|---|"]
    for study in STUDIES:
        row = measured.get((study.data, study.task, study.metric))
        if row is not None:
            naive = "–" if row["naive"] is None else f"{row['naive']:.3f}"
            due = f"grade {study.grade}" if study.grade else f"{study.target:.3f}"
            lines.append(
                f"| {study.data} | {study.task} | {row['protocol']} | {study.metric} {row['value']:.3f} "
                f"({row['low']:.3f}–{row['high']:.3f}) | {due} | {naive} | {row['grade']} |"
            )
    return lines


def written(text: str, name: str, lines: Sequence[str]) -> str:
    """A page with the lines between the marks of `name`.

    Examples
    --------
    >>> print(written("<!-- speed -->\\nold\\n<!-- /speed -->", "speed", ["new"]))
    <!-- speed -->
    new
    <!-- /speed -->
    """
    body = "\n".join(lines)
    return re.sub(
        rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
        lambda found: f"{found[1]}{body}\n{found[2]}",
        text,
        flags=re.DOTALL,
    )


def with_tables(text: str, cases: Mapping[str, Case]) -> str:
    """The README with both tables as measured."""
    return written(written(text, SPEED, speed(cases)), FIGURES, quality())


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"
