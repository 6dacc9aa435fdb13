"""What every picture is drawn on: one figure with its title, saved as SVG and as PNG, without anybody's screen."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, GRID = "#1f2933", "#66717d", "#e4e7eb"
MODEL, RULE = "#1864ab", "#d9480f"
WIDTH = 4.8  # inches: letters of 10 points keep their size on a phone
MARGIN = 0.12  # inches of white around
LINE = 0.17  # inches of a line of text
TITLE_LETTERS = 48  # of a line, at the least width
DOTS = 150  # of a PNG, by inch
STYLE: Mapping[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.color": INK,
    "text.hinting": "none",  # at these dots nobody sees it, and it costs a tenth of all drawing
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.bottom": False,  # the grid shows where a number stands
    "ytick.left": False,
    "svg.fonttype": "none",
}
_FONT, _FONTS = b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif"


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of these pictures, whatever style the program around has set."""
    from matplotlib.style import context

    with context(["default", dict(STYLE)]):
        yield


@contextmanager
def sheet(
    title: str, height: float, *, left: float = 0.76, right: float = MARGIN, bottom: float = 0.56, width: float = WIDTH
) -> Iterator[Axes]:
    """Axes on a figure of their own below their title; leave `styled` only when they are saved.

    Parameters
    ----------
    title : str
        Broken into lines where it is long.
    height : float
        Of the plot itself, in inches.
    left, right, bottom : float
        Room for what is written around the plot, in inches.
    width : float
        Of the whole figure, in inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = textwrap.wrap(title, int(TITLE_LETTERS * width / WIDTH))
    whole = 2 * MARGIN + LINE * len(lines) + height + bottom
    with styled():
        figure = Figure(figsize=(width, whole), dpi=DOTS)
        FigureCanvasAgg(figure)
        place = (left / width, bottom / whole, 1 - (left + right) / width, height / whole)
        axes = figure.add_axes(place)
        axes.set_title("", y=1.0)  # stays: nothing around it is measured at each drawing
        figure.text(MARGIN / width, 1 - MARGIN / 2 / whole, "\n".join(lines), va="top", fontsize=11, fontweight="bold")
        yield axes


def saved(axes: Axes, name: str) -> dict[str, bytes]:
    """The figure of some axes as ``<name>.svg`` and ``<name>.png``, the same bytes for the same picture."""
    from matplotlib import rc_context

    figure: Any = axes.figure
    svg, png = io.BytesIO(), io.BytesIO()
    with rc_context({"svg.hashsalt": name}):  # pictures that share a page share no ids
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": "Rapport"})
    figure.savefig(png, format="png", metadata={"Software": "Rapport"}, pil_kwargs={"compress_level": 3})
    return {f"{name}.svg": svg.getvalue().replace(_FONT, _FONTS), f"{name}.png": png.getvalue()}


def wrapped(labels: Iterable[str], letters: int) -> list[str]:
    """Labels in lines of at most so many letters."""
    return ["\n".join(textwrap.wrap(label, letters)) for label in labels]


def room(labels: Iterable[str], size: float = 9) -> float:
    """Inches that the longest line of some labels takes."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    font.set_size(size, 72)
    longest = 0.0
    for line in (line for label in labels for line in label.split("\n")):
        font.set_text(line)
        longest = max(longest, font.get_width_height()[0] / 64 / 72)
    return longest
