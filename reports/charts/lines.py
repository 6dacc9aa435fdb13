"""Lines, steps and points over positions, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from reports.charts.axes import Plot, frame
from reports.charts.canvas import Canvas, number
from reports.charts.chart import Chart, Series
from reports.charts.palette import colour, dash
from reports.table import Column

MANY = 200  # above so many positions marks carry no tooltip and are drawn as one path
Point = tuple[float, float]


def draw(canvas: Canvas, chart: Chart, top: float, width: int, height: int) -> None:
    """A ``line``, ``step`` or ``points`` chart."""
    ends = [value for item in chart.series for part in (item.values, item.low, item.high) if part for value in part]
    plot = frame(canvas, chart, ends, (top, width, height), zero=False)
    grid = plot
    for index, item in enumerate(chart.series):
        look = {"stroke": colour(index), "class_": f"l{index % 8}"}
        plot = _beside(grid, index, len(chart.series)) if chart.kind == "points" and not chart.has_places else grid
        if chart.kind == "points":
            _whiskers(canvas, item, plot, look)
        else:
            _band(canvas, item, plot, look, _steps if chart.kind == "step" else list)
        if chart.kind != "points":
            for run in _runs(item, plot):
                path = _path(_steps(run) if chart.kind == "step" else _thin(run))
                canvas.add("path", d=path, fill="none", stroke_width=2, stroke_dasharray=dash(index), **look)
        _marks(canvas, chart, item, plot, index)


def _runs(item: Series, plot: Plot) -> Iterator[list[Point]]:
    """The stretches between gaps."""
    run: list[Point] = []
    for index, value in enumerate(item.values):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((plot.x(index), plot.y(value)))
    if run:
        yield run


def _path(points: list[Point]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _steps(points: list[Point]) -> list[Point]:
    """The corners of a line that keeps a value until the next position."""
    corners = points[:1]
    for (_, before), (x, y) in pairwise(points):
        corners += [(x, before), (x, y)]
    return corners


def _thin(points: list[Point]) -> list[Point]:
    """At most four points per pixel column (first, highest, lowest, last): looks the same, stays small."""
    if len(points) <= 4 * MANY:
        return points
    columns: dict[int, list[Point]] = {}
    for point in points:
        columns.setdefault(round(point[0]), []).append(point)
    kept: list[Point] = []
    for column in columns.values():
        extremes = {0, len(column) - 1}
        extremes |= {
            min(range(len(column)), key=lambda at: column[at][1]),
            max(range(len(column)), key=lambda at: column[at][1]),
        }
        kept += [column[at] for at in sorted(extremes)]
    return kept


def _beside(plot: Plot, index: int, count: int) -> Plot:
    """The same plot with its positions moved, so that the points of several series stand side by side."""
    shift = (index - (count - 1) / 2) * min(18.0, 0.7 * plot.slot / count)
    return replace(plot, x=lambda at: plot.x(at) + shift)


def _band(
    canvas: Canvas, item: Series, plot: Plot, look: dict[str, str], corners: Callable[[list[Point]], list[Point]]
) -> None:
    ends = enumerate(zip(item.low or (), item.high or (), strict=True))
    known = [(plot.x(at), a, b) for at, (a, b) in ends if a is not None and b is not None]
    if known:
        upper = corners([(x, plot.y(b)) for x, _, b in known])
        lower = corners([(x, plot.y(a)) for x, a, _ in known])
        outline = _path(upper + lower[::-1]) + "Z"
        canvas.add("path", d=outline, fill=look["stroke"], fill_opacity=0.15, class_=f"c{look['class_'][1:]}")


def _whiskers(canvas: Canvas, item: Series, plot: Plot, look: dict[str, str]) -> None:
    for at, (low, high) in enumerate(zip(item.low or (), item.high or (), strict=True)):
        if low is not None and high is not None:
            x, y1, y2 = plot.x(at), plot.y(low), plot.y(high)
            caps = (
                f"M{number(x - 4)} {number(y1)}h8M{number(x - 4)} {number(y2)}h8M{number(x)} {number(y1)}V{number(y2)}"
            )
            canvas.add("path", d=caps, fill="none", stroke_width=1.5, **look)


def _marks(canvas: Canvas, chart: Chart, item: Series, plot: Plot, index: int) -> None:
    """A mark per value: with a tooltip while they are few, else (points only) one path of dots."""
    known = [(at, value) for at, value in enumerate(item.values) if value is not None]
    if len(known) > MANY:
        if chart.kind == "points":
            dots = "".join(f"M{number(plot.x(at))} {number(plot.y(value))}h0" for at, value in known)
            canvas.add(
                "path",
                d=dots,
                fill="none",
                stroke=colour(index),
                stroke_width=4,
                stroke_linecap="round",
                stroke_opacity=0.6,
                class_=f"l{index % 8}",
            )
        return
    column = Column("", "", chart.format, chart.unit)
    radius = 4 if chart.kind == "points" or len(known) == 1 else 2.5 if len(known) <= 60 else 1.5
    for at, value in known:
        tip = f"{item.name}, {chart.told(at)}: {column.text(value)}" + _interval(item, at, column)
        _mark(canvas, plot.x(at), plot.y(value), radius, index, tip, hollow=at in chart.unfinished)


def _interval(item: Series, at: int, column: Column) -> str:
    low, high = (part[at] if part else None for part in (item.low, item.high))
    return "" if low is None or high is None else f" ({column.text(low)} to {column.text(high)})"


def _mark(canvas: Canvas, x: float, y: float, radius: float, index: int, tip: str, *, hollow: bool) -> None:
    """A disc, a square or a diamond, by the series' number, so that colour is not the only difference."""
    look: dict[str, str] = {"fill": colour(index), "class_": f"c{index % 8}"}
    if hollow:
        radius, look = radius + 1.5, {"fill": "none", "stroke": colour(index), "class_": f"l{index % 8}"}
    if index % 3 == 0:
        canvas.add("circle", tip=tip, cx=x, cy=y, r=radius, **look)
    elif index % 3 == 1:
        canvas.box(x - radius, y - radius, 2 * radius, 2 * radius, tip, **look)
    else:
        reach = number(1.4 * radius)
        path = f"M{number(x)} {number(y - 1.4 * radius)}l{reach} {reach}l-{reach} {reach}l-{reach} -{reach}Z"
        canvas.add("path", tip=tip, d=path, **look)
