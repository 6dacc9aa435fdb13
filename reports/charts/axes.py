"""The frame of charts with an upright axis: grid, tick labels, the places of positions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from reports.charts.canvas import Canvas, fit, width
from reports.charts.chart import Chart
from reports.charts.scale import Scale, extent, ticks
from reports.formats import MONTHS, axis

RIGHT, LABELS, X_TITLE, MONTH = 16, 34, 16, 25
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Plot:
    """Where things stand: `x(index)` is the middle of a position, `y(value)` the height of a value."""

    left: float
    right: float
    top: float
    bottom: float
    x: Callable[[int], float]
    y: Scale
    slot: float

    @property
    def zero(self) -> float:
        """Where the value 0 stands, or the end of the axis nearest to it."""
        return self.y(min(max(0.0, self.y.low), self.y.high))


def frame(canvas: Canvas, chart: Chart, values: list[float | None], box: tuple[float, int, int], *, zero: bool) -> Plot:
    """Draw the grid and both axes' labels.

    Parameters
    ----------
    values : list of float or None
        All that must fit on the upright axis.
    box : (top, width, height)
    zero : bool
        Whether the axis must hold 0, as bars need.
    """
    top, room, height = box
    marks, step = ticks(*extent(values, zero=zero))
    labels = axis(marks, step, chart.format)
    left = 16 + max(width(label, 11) for label in labels)
    bottom = height - LABELS - (X_TITLE if chart.x_title else 0)
    right = room - RIGHT
    scale = Scale(marks[0], marks[-1], bottom, top + 6)
    for mark, label in zip(marks, labels, strict=True):
        canvas.line(left, scale(mark), right, scale(mark), opacity=0.45 if mark == 0 else 0.12)
        canvas.text(left - 6, scale(mark) + 4, label, anchor="end", size=11)
    if chart.x_title:
        canvas.text((left + right) / 2, height - 6, fit(chart.x_title, right - left, 11), anchor="middle", size=11)
    if chart.has_places:
        place = _places(canvas, chart, left, right, bottom)
        return Plot(left, right, top, bottom, place, scale, (right - left) / max(len(chart.x), 1))
    slot = (right - left) / max(len(chart.x), 1)
    names = [str(name) for name in chart.x]
    (_months if all(map(_MONTH.fullmatch, names)) else _names)(canvas, names, left, slot, bottom)
    return Plot(left, right, top, bottom, lambda index: left + slot * (index + 0.5), scale, slot)


def _places(canvas: Canvas, chart: Chart, left: float, right: float, bottom: float) -> Callable[[int], float]:
    """Round ticks along the lower axis of a chart whose positions are numbers."""
    numbers = [float(value) for value in chart.x]
    marks, step = ticks(min(numbers), max(numbers), 8)
    scale = Scale(marks[0], marks[-1], left + 6, right - 6)
    for mark, label in zip(marks, axis(marks, step), strict=True):
        canvas.line(scale(mark), bottom, scale(mark), bottom + 4, opacity=0.4)
        canvas.text(scale(mark), bottom + 17, label, anchor="middle", size=11)
    return lambda index: scale(numbers[index])


def _months(canvas: Canvas, names: list[str], left: float, slot: float, bottom: float) -> None:
    """Months below the axis, as many as stand side by side, each year once below its first."""
    skip, year = max(1, math.ceil(MONTH / slot)), ""
    for index in range(0, len(names), skip):
        x, name = left + slot * (index + 0.5), names[index]
        canvas.text(x, bottom + 15, MONTHS[int(name[5:]) - 1], anchor="middle", size=11)
        if name[:4] != year:
            year = name[:4]
            canvas.text(x, bottom + 28, year, anchor="middle", size=11)


def _names(canvas: Canvas, names: list[str], left: float, slot: float, bottom: float) -> None:
    """Names below the axis: all of them in up to two lines if they are few, else as many as stand side by side."""
    widest = max((width(name, 11) for name in names), default=0.0)
    longest = max((width(word, 11) for name in names for word in name.split()), default=0.0)
    if widest + 8 <= slot or len(names) > 14 or (len(names) > 6 and longest > slot - 6):
        skip = max(1, math.ceil((min(widest, 120) + 10) / slot)) if widest + 8 > slot else 1
        for index in range(0, len(names), skip):
            shown = fit(names[index], max(slot * skip - 4, 40), 11)
            canvas.text(left + slot * (index + 0.5), bottom + 17, shown, anchor="middle", size=11)
        return
    for index, name in enumerate(names):
        for row, line in enumerate(_two_lines(name, slot - 6)):
            canvas.text(left + slot * (index + 0.5), bottom + 15 + 13 * row, line, anchor="middle", size=11)


def _two_lines(name: str, room: float) -> list[str]:
    words, first = name.split(), ""
    while words and width(f"{first} {words[0]}".strip(), 11) <= room:
        first = f"{first} {words.pop(0)}".strip()
    if not first:
        return [fit(name, room, 11)]
    return [first, fit(" ".join(words), room, 11)] if words else [first]
