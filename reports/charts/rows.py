"""Rows of bars from left to right: a name each, one bar per series; a funnel tells each step's share of the last."""

from __future__ import annotations

from reports.charts.canvas import Canvas, fit, width
from reports.charts.chart import Chart
from reports.charts.palette import colour
from reports.charts.scale import Scale
from reports.formats import as_text
from reports.table import Column

STEP, THICK, GAP, NAME = 34, 12, 10, 17
BESIDE = 0.4  # of the room: wider names stand above their bars
FOOT = 8


def funnel_height(chart: Chart) -> float:
    """Height of all steps of a funnel."""
    return STEP * len(chart.x) + 12


def across_height(chart: Chart, room: int) -> float:
    """Height of all rows of bars."""
    return _step(chart, room) * len(chart.x) + FOOT


def across(canvas: Canvas, chart: Chart, top: float, room: int, _height: int) -> None:
    """One row per position: its name, whole, beside or above its bars, and each bar's value at its end."""
    column = Column("", "", chart.format, chart.unit)
    known = [value for item in chart.series for value in item.values if value is not None]
    beside = _is_beside(chart, room)
    left = max(width(str(name)) for name in chart.x) + 24 if beside else 16.0
    told = max((width(column.text(value), 11) for value in known), default=0.0)
    scale = Scale(min(0.0, *known), max(0.0, *known) or 1.0, left, max(room - 20 - told, left + 20))
    for at, name in enumerate(chart.x):
        y = top + at * _step(chart, room) + (0 if beside else NAME)
        bars = THICK * len(chart.series)
        place = (left - 8, y + bars / 2 + 4) if beside else (left, y - 5)
        canvas.text(*place, fit(str(name), room - 32), anchor="end" if beside else "start")
        for index, item in enumerate(chart.series):
            value, mark = item.values[at], item.marks[at] if item.marks else None
            if value is None and mark is None:
                continue
            text = mark or column.text(value)
            start, end = sorted((scale(0.0), scale(value or 0.0)))
            tip = f"{item.name}, {name}: {text}"
            look = {"fill": colour(index), "class_": f"c{index % 8}", "rx": 2}
            canvas.box(start, y + index * THICK, max(end - start, 1), THICK - 2, tip, **look)
            canvas.text(end + 6, y + index * THICK + THICK - 2.5, text, size=11)


def _is_beside(chart: Chart, room: int) -> bool:
    return max(width(str(name)) for name in chart.x) + 24 <= BESIDE * room


def _step(chart: Chart, room: int) -> float:
    return THICK * len(chart.series) + GAP + (0 if _is_beside(chart, room) else NAME)


def funnel(canvas: Canvas, chart: Chart, top: float, room: int, height: int) -> None:
    """A bar per step with its value and its share of the step before."""
    item, column = chart.series[0], Column("", "", chart.format, chart.unit)
    left = min(max(width(str(name)) for name in chart.x) + 20, room / 3)
    right = 150.0
    most = max((abs(value) for value in item.values if value is not None), default=0.0) or 1.0
    step = (height - top - 12) / len(chart.x)
    before: float | None = None
    for at, name in enumerate(chart.x):
        value, mark = item.values[at], item.marks[at] if item.marks else None
        y = top + at * step
        canvas.text(left - 8, y + step / 2 + 4, fit(str(name), left - 16), anchor="end")
        long = (room - left - right) * abs(value or 0.0) / most
        told = mark or column.text(value)
        if before and value is not None and mark is None:
            told += f"  ({as_text(value / before, 'percent')})"
        canvas.box(left, y + 3, max(long, 1), step - 6, f"{name}: {told}", rx=2, fill=colour(0), class_="c0")
        canvas.text(left + long + 8, y + step / 2 + 4, told)
        before = value
