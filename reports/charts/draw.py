"""From a chart object to SVG text."""

from __future__ import annotations

import hashlib

from reports.charts import bars, cells, lines, rows
from reports.charts.canvas import FONT, Canvas, escape, fit, width
from reports.charts.chart import Chart
from reports.charts.palette import colour

WIDTH, HEIGHT, NARROW = 720, 320, 360
_DRAWERS = {
    "line": lines.draw,
    "step": lines.draw,
    "points": lines.draw,
    "bar": bars.grouped,
    "stacked": bars.stacked,
    "across": rows.across,
    "heat": cells.heat,
    "funnel": rows.funnel,
}


def svg(chart: Chart, *, width: int = WIDTH, height: int | None = None) -> str:
    """The chart as one ``<svg>`` element.

    The same chart gives the same text. Colours are presentation attributes and classes (``c0`` … ``c7``), so that the
    element stands in a page whose policy forbids inline styles; text takes the colour of its surroundings. Each mark
    of a small chart has a tooltip; the title and a sentence are there for screen readers.

    Parameters
    ----------
    chart : Chart
    width, height : int
        Size of the drawing in pixels; it scales with its place. Heat maps and funnels grow with their rows if no
        height is given.

    Examples
    --------
    >>> from reports.charts import Series
    >>> text = svg(Chart(kind="line", title="A < B", x=["a", "b"], series=[Series(name="s", values=[1, 2])]))
    >>> text.startswith("<svg"), "A &lt; B" in text, "<script" in text
    (True, True, False)
    """
    canvas = Canvas()
    top = _head(canvas, chart, width)
    high = height or _height(chart, top, width)
    if chart.is_empty:
        canvas.text(width / 2, high / 2, "no data", anchor="middle", size=14, fill_opacity=0.6)
    else:
        _DRAWERS[chart.kind](canvas, chart, top, width, high)
    body = "".join(canvas.parts)
    key = hashlib.sha256(f"{chart.kind}{width}{high}{chart.summary()}{body}".encode()).hexdigest()[:12]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {width} {high}" width="{width}" '
        f'height="{high}" role="img" aria-labelledby="t{key} d{key}" font-family="{FONT}">'
        f'<title id="t{key}">{escape(chart.title)}</title><desc '
        f'id="d{key}">{escape(chart.summary())}</desc>{body}</svg>'
    )


def both(chart: Chart) -> str:
    """The chart drawn twice, for wide and for narrow screens; the page's stylesheet shows one of the two."""
    narrow = svg(chart, width=NARROW, height=None if chart.kind in ("across", "heat", "funnel") else 280)
    return f'<div class="wide">{svg(chart)}</div><div class="narrow">{narrow}</div>'


def _height(chart: Chart, top: float, room: int) -> int:
    if chart.is_empty:
        return 140
    if chart.kind == "heat":
        return round(top + cells.row_height(chart) * len(chart.series) + cells.FOOT)
    if chart.kind == "across":
        return round(top + rows.across_height(chart, room))
    return round(top + rows.funnel_height(chart)) if chart.kind == "funnel" else HEIGHT


def _head(canvas: Canvas, chart: Chart, room: int) -> float:
    """Title, legend and the unit of the upright axis; the place below them is returned."""
    size = 15 if width(chart.title, 15) <= room - 24 else 12
    canvas.text(12, 22, fit(chart.title, room - 24, size), size=size, font_weight="600")
    y = 44.0
    if len(chart.series) > 1 and chart.kind not in ("heat", "funnel"):
        x = 12.0
        for index, item in enumerate(chart.series):
            name = fit(item.name, 180)
            if x > 12 and x + 24 + width(name) > room - 12:
                x, y = 12.0, y + 18
            canvas.add("rect", x=x, y=y - 9, width=12, height=10, rx=2, fill=colour(index), class_=f"c{index % 8}")
            canvas.text(x + 17, y, name)
            x += 17 + width(name) + 16
        y += 20
    if chart.y_title and chart.kind != "funnel":
        canvas.text(12, y, fit(chart.y_title, room - 24, 11), size=11, fill_opacity=0.7)
        y += 8
    return y
