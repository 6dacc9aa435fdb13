"""A page of pictures of what was measured: how cost grows, and how far each case is from its target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.case import RESULTS, rows
from benchmarks.sweep import BY_EVENTS, BY_SPINE
from reports.charts import Chart, Series, svg

STYLE = "body{font:15px sans-serif;max-width:52rem;margin:2rem auto}td,th{padding:.2rem .8rem;text-align:right}"
Row = Mapping[str, Any]


def latest(measured: Iterable[Row]) -> dict[tuple[str, int], Row]:
    """The newest row of each case and size."""
    return {(row["case"], row["n"]): row for row in measured}


def growth(measured: Iterable[Row], case: str, title: str, what: str) -> Chart:
    """Seconds of subject and baseline by size."""
    found = sorted((size, row) for (name, size), row in latest(measured).items() if name == case)
    return Chart(
        kind="bar",
        title=title,
        x=[f"{size:,} {what}" for size, _ in found],
        series=[
            Series(name="Rapport", values=[row["subject"] for _, row in found]),
            Series(name="DuckDB", values=[row["baseline"] for _, row in found]),
        ],
        y_title="seconds",
        unit="s",
    )


def ratios(measured: Iterable[Row]) -> Chart:
    """The newest ratio of each case."""
    found = {row["case"]: row["ratio"] for row in measured if row["case"] not in (BY_EVENTS, BY_SPINE)}
    series = [Series(name="subject / baseline", values=list(found.values()))]
    return Chart(kind="bar", title="Each case beside its baseline", x=list(found), series=series, y_title="ratio")


def page(measured: Iterable[Row]) -> str:
    """The whole page: charts, each with its numbers below it; no script, nothing from elsewhere."""
    measured = list(measured)
    charts = [
        growth(measured, BY_EVENTS, "Twenty window features, by events", "events"),
        growth(measured, BY_SPINE, "Twenty window features, by spine", "rows"),
        ratios(measured),
    ]
    parts = [f"<h2>{escape(chart.title)}</h2>{svg(chart)}{_numbers(chart)}" for chart in charts]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Benchmarks</title><style>{STYLE}</style>'
        f"<h1>Benchmarks</h1>{''.join(parts)}</html>"
    )


def _numbers(chart: Chart) -> str:
    table = chart.table()
    head = "".join(f"<th>{escape(column.title)}</th>" for column in table.columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.texts())
    return f"<table><tr>{head}</tr>{body}</table>"


def write_report(path: str | Path, results: Path = RESULTS) -> Path:
    """Write the page; its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(rows(results)), encoding="utf-8")
    return path
