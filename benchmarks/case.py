"""One benchmark: a subject and a baseline measured in alternation, medians compared."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.reference import Reference

RESULTS = Path(__file__).parent / "results.jsonl"

Measure = Callable[[], "Reading"]
Measures = AbstractContextManager[tuple[Measure, Measure]]


@dataclass(frozen=True)
class Reading:
    """One measurement: the figure, and the peak of resident memory where it is known."""

    value: float
    peak_mb: float | None = None


@dataclass(frozen=True)
class Case:
    """A case to measure.

    Attributes
    ----------
    name, subject, baseline : str
        The case, what of ours is measured, and what it stands beside.
    unit : str
        Unit of both figures; the smaller is the better.
    n : int
        How many things one measurement handles (rows, requests).
    target : float
        Greatest acceptable value of `measures`: the ratio when `target_is_ratio`, else the subject's figure.
    prepare : callable
        Takes the reference data; gives a context manager yielding ``(measure subject, measure baseline)``.
    reference : Reference, optional
        The size of the reference data, of which `n` are the events; None where the case does not use it.
    most_mb : float, optional
        Greatest acceptable peak of the subject's resident memory.
    """

    name: str
    subject: str
    baseline: str
    unit: str
    n: int
    target: float
    prepare: Callable[[Reference], Measures]
    repeats: int = 5
    target_is_ratio: bool = False
    reference: Reference | None = None
    most_mb: float | None = None

    def sized(self, events: int | None, spine: int | None) -> Case:
        """The same over other reference data."""
        if self.reference is None:
            return self
        size = Reference(events or self.reference.events, spine or self.reference.spine)
        return replace(self, reference=size, n=size.events)


@dataclass(frozen=True)
class Result:
    """Medians of one run of a case."""

    case: Case
    subject: Reading
    baseline: Reading

    @property
    def ratio(self) -> float:
        """Subject over baseline of the thing measured."""
        return self.subject.value / self.baseline.value

    @property
    def is_reached(self) -> bool:
        """Whether the target holds."""
        fits = self.case.most_mb is None or (self.subject.peak_mb or 0) <= self.case.most_mb
        return fits and (self.ratio if self.case.target_is_ratio else self.subject.value) <= self.case.target

    def to_json(self) -> dict[str, object]:
        """One row of ``results.jsonl``."""
        return {
            "case": self.case.name,
            "subject": round(self.subject.value, 6),
            "baseline": round(self.baseline.value, 6),
            "ratio": round(self.ratio, 4),
            "unit": self.case.unit,
            "n": self.case.n,
            "peak_mb": None if self.subject.peak_mb is None else round(self.subject.peak_mb, 1),
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def run(case: Case, repeats: int | None = None) -> Result:
    """Measure `case`: subject and baseline in alternation."""
    subjects: list[Reading] = []
    baselines: list[Reading] = []
    with case.prepare(case.reference or Reference()) as (subject, baseline):
        for _ in range(repeats or case.repeats):
            subjects.append(subject())
            baselines.append(baseline())
    return Result(case, _median(subjects), _median(baselines))


def append(result: Result, path: Path = RESULTS) -> None:
    """Add one row to the file of results."""
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(result.to_json()) + "\n")


def _median(readings: Sequence[Reading]) -> Reading:
    peaks = [reading.peak_mb for reading in readings if reading.peak_mb is not None]
    return Reading(statistics.median(reading.value for reading in readings), max(peaks) if peaks else None)


def program(words: Sequence[str], environ: Mapping[str, str] | None = None) -> Reading:
    """Seconds and peak memory of one program, run to its end.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        list(words), env=os.environ | dict(environ or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(words), output)
    return Reading(seconds, _megabytes(usage))


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


def nothing_to_prepare(subject: Measure, baseline: Measure) -> Callable[[Reference], Measures]:
    """A `Case.prepare` for measures that need no set-up."""
    return lambda _: nullcontext((subject, baseline))


def rows(path: Path = RESULTS) -> Iterator[dict[str, object]]:
    """Every row measured so far, oldest first."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
