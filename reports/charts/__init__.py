"""One chart object, drawn as SVG on the server, with its table; no script, no style that a strict policy forbids."""

from reports.charts.chart import Chart, Series
from reports.charts.draw import both, svg

__all__ = ["Chart", "Series", "both", "svg"]
