"""Bars side by side and bars on top of each other; negative values hang below the line."""

from __future__ import annotations

from reports.charts.axes import Plot, frame
from reports.charts.canvas import Canvas, number
from reports.charts.chart import Chart, Series
from reports.charts.lines import MANY
from reports.charts.palette import colour
from reports.table import Column

Bar = tuple[int, float, float, float, float]  # position, left, width, from value, to value


def grouped(canvas: Canvas, chart: Chart, top: float, width: int, height: int) -> None:
    """One bar per series and position, side by side."""
    ends = [value for item in chart.series for part in (item.values, item.low, item.high) if part for value in part]
    plot = frame(canvas, chart, ends, (top, width, height), zero=True)
    group = plot.slot * (0.8 if plot.slot > 4 else 1)
    each = min(group / len(chart.series), 64)
    for index, item in enumerate(chart.series):
        shift = (index - len(chart.series) / 2) * each
        gap = 1 if each > 6 else 0
        bars = [
            (at, plot.x(at) + shift + gap / 2, each - gap, 0.0, value)
            for at, value in enumerate(item.values)
            if value is not None
        ]
        _bars(canvas, chart, item, plot, bars, index)
        _whiskers(canvas, item, plot, shift + each / 2)


def stacked(canvas: Canvas, chart: Chart, top: float, width: int, height: int) -> None:
    """Bars on top of each other: positive values upwards from the line, negative ones downwards."""
    above, below = [0.0] * len(chart.x), [0.0] * len(chart.x)
    pieces: list[list[tuple[int, float, float]]] = []
    for item in chart.series:
        piece = []
        for at, value in enumerate(item.values):
            if value is not None:
                pile = above if value >= 0 else below
                piece.append((at, pile[at], pile[at] + value))
                pile[at] += value
        pieces.append(piece)
    plot = frame(canvas, chart, [*above, *below], (top, width, height), zero=True)
    wide = min(plot.slot * (0.75 if plot.slot > 4 else 1), 72)
    for index, (item, piece) in enumerate(zip(chart.series, pieces, strict=True)):
        bars = [(at, plot.x(at) - wide / 2, wide, start, end) for at, start, end in piece]
        _bars(canvas, chart, item, plot, bars, index)


def _bars(canvas: Canvas, chart: Chart, item: Series, plot: Plot, bars: list[Bar], index: int) -> None:
    """Rectangles with tooltips while they are few, else one path."""
    if len(bars) > MANY:
        path = "".join(
            f"M{number(left)} {number(plot.y(start))}V{number(plot.y(end))}h{number(wide)}V{number(plot.y(start))}Z"
            for _, left, wide, start, end in bars
        )
        canvas.add("path", d=path, fill=colour(index), class_=f"c{index % 8}")
        return
    column = Column("", "", chart.format, chart.unit)
    for at, left, wide, start, end in bars:
        upper, lower = sorted((plot.y(start), plot.y(end)))
        tip = f"{item.name}, {chart.told(at)}: {column.text(item.values[at])}"
        look = {"fill": colour(index), "class_": f"c{index % 8}"} | (
            {"fill_opacity": 0.45} if at in chart.unfinished else {}
        )
        canvas.box(left, upper, max(wide, 0.5), lower - upper, tip, **look)


def _whiskers(canvas: Canvas, item: Series, plot: Plot, shift: float) -> None:
    for at, (low, high) in enumerate(zip(item.low or (), item.high or (), strict=True)):
        if low is not None and high is not None:
            x = plot.x(at) + shift
            canvas.line(x, plot.y(low), x, plot.y(high), opacity=0.8, stroke_width=1.5)
