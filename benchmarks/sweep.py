"""How cost grows with events and with spine rows: twenty window features, ours beside DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.case import RESULTS, Case, append, run
from benchmarks.offline import beside_duckdb
from benchmarks.reference import Reference

EVENTS = (1_000_000, 10_000_000, 100_000_000)
SPINES = (50_000, 500_000, 5_000_000)
BY_EVENTS, BY_SPINE = "cost_by_events", "cost_by_spine"


def sizes(events: int | None, spine: int | None) -> Iterator[tuple[str, Reference]]:
    """What is measured: every number of events up to `events`, every length of spine up to `spine`."""
    for count in EVENTS:
        if events is None or count <= events:
            yield BY_EVENTS, Reference(count, min(500_000, spine or 500_000))
    for count in SPINES:
        if spine is None or count <= spine:
            yield BY_SPINE, Reference(min(10_000_000, events or 10_000_000), count)


def sweep(events: int | None = None, spine: int | None = None, results: Path = RESULTS) -> Iterator[str]:
    """Measure every size once, append its row, and tell of it.

    Parameters
    ----------
    events, spine : int, optional
        The greatest sizes; default all.
    results : Path
        The file of rows.
    """
    for name, reference in sizes(events, spine):
        result = run(
            Case(
                name=name,
                subject="20 features from the persisted history",
                baseline="DuckDB, range join from Parquet",
                unit="s",
                n=reference.events if name == BY_EVENTS else reference.spine,
                target=1.0,
                target_is_ratio=True,
                repeats=1,
                reference=reference,
                prepare=partial(beside_duckdb, "windows"),
            )
        )
        append(result, results)
        yield (
            f"{name}: {reference.events:,} events, {reference.spine:,} rows: {result.subject.value:.3f} s against "
            f"{result.baseline.value:.3f} s"
        )
