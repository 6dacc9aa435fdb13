"""Heat maps: rows of cells."""

from __future__ import annotations

from reports.charts.canvas import INK, Canvas, fit, width
from reports.charts.chart import Chart, Series
from reports.charts.palette import shade
from reports.formats import as_text

FOOT, LABEL_SIZE = 40, 11


def row_height(chart: Chart) -> float:
    """Height of one row of a heat map; less when there are many."""
    return max(6.0, min(26.0, 900 / max(len(chart.series), 1)))


def heat(canvas: Canvas, chart: Chart, top: float, room: int, height: int) -> None:
    """A cell per series (down) and position (across), shaded by value, with the value where it fits."""
    left = min(max(width(item.name, LABEL_SIZE) for item in chart.series) + 20, room / 3)
    wide = (room - 16 - left) / len(chart.x)
    high = (height - FOOT - top) / len(chart.series)
    known = [value for item in chart.series for value in item.values if value is not None]
    low, most = (min(known), max(known)) if known else (0.0, 0.0)
    diverging = low < 0 < most
    low, most = (-max(-low, most), max(-low, most)) if diverging else (min(low, 0.0) if low >= 0 else low, most)
    skip_rows = max(1, round(14 / high + 0.499))
    for row, item in enumerate(chart.series):
        y = top + row * high
        if row % skip_rows == 0:
            canvas.text(
                left - 8, y + high / 2 + 4, fit(item.name, left - 16, LABEL_SIZE), anchor="end", size=LABEL_SIZE
            )
        for at in range(len(chart.x)):
            _cell(canvas, chart, item, at, (left + at * wide, y, wide, high), (low, most, diverging))
    widest = max(width(str(name), LABEL_SIZE) for name in chart.x)
    skip = max(1, round((min(widest, 90) + 6) / wide + 0.499))
    for at in range(0, len(chart.x), skip):
        label = fit(str(chart.x[at]), max(wide * skip - 2, 24), LABEL_SIZE)
        canvas.text(left + (at + 0.5) * wide, height - FOOT + 15, label, anchor="middle", size=LABEL_SIZE)
    if chart.x_title:
        canvas.text((left + room) / 2, height - 6, chart.x_title, anchor="middle", size=LABEL_SIZE)


def _cell(
    canvas: Canvas, chart: Chart, item: Series, at: int, box: tuple[float, ...], span: tuple[float, float, bool]
) -> None:
    x, y, wide, high = box
    value, mark = item.values[at], item.marks[at] if item.marks else None
    text = mark or as_text(value, chart.format, chart.unit)
    gap = 1 if wide > 6 and high > 6 else 0
    tip = f"{item.name}, {chart.x[at]}: {text}"
    size = (wide - gap, high - gap)
    if value is None and mark is None:
        return
    if value is None or mark is not None:
        canvas.box(x, y, *size, tip, fill="none", stroke=INK, stroke_opacity=0.3, stroke_dasharray="2 2")
        ink = INK
    else:
        low, most, diverging = span
        fill, ink = shade((value - low) / (most - low) if most > low else 1.0, diverging=diverging)
        canvas.box(x, y, *size, tip, fill=fill)
    brief = text.replace("\N{NO-BREAK SPACE}%", "")
    if chart.format == "percent" and value is not None and mark is None:
        brief = f"{100 * value:.0f}"
    if width(brief, 10) <= wide - 4 and high >= 12:
        canvas.text(x + (wide - gap) / 2, y + high / 2 + 3.5, brief, anchor="middle", size=10, fill=ink)
