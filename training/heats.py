"""Heat maps for model cards: SVG and PNG, drawn without a browser and without anybody's screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.sheets import INK, LINE, MARGIN, WIDTH, room, saved, sheet, wrapped

LONGEST = 26  # letters of a label; what is longer goes onto further lines
CELL, ROW = 0.62, 0.38  # inches of a cell
TURN = 40  # degrees of the columns' names


def draw(
    name: str,
    title: str,
    axis: str,
    rows: Mapping[str, Sequence[float]],
    columns: Sequence[str],
    *,
    form: str = "+z.1f",
    is_signed: bool = True,
) -> dict[str, bytes]:
    """A cell for each row and column, the first row on top; each cell says its number.

    Parameters
    ----------
    name : str
        Of the files.
    title, axis : str
        `axis` says what a cell's number is.
    rows : mapping of str to sequence of float
        One number for each of `columns`.
    columns : sequence of str
    form : str
        Format of the numbers, such as ``.0%``.
    is_signed : bool
        Whether numbers lie around zero (below it orange, above it blue) rather than above it.

    Returns
    -------
    dict of str to bytes
        ``<name>.svg`` and ``<name>.png``.

    Examples
    --------
    >>> sorted(draw("profile", "Profile", "difference", {"a": [1.0, -1.0]}, ["spend", "orders"]))
    ['profile.png', 'profile.svg']
    """
    values = np.array(list(rows.values()), dtype=np.float64).reshape(len(rows), len(columns))
    top = max(float(np.abs(values).max(initial=0.0)), 1e-9)
    names, heads = wrapped(rows, LONGEST), wrapped(columns, LONGEST)
    left, below = _margins(names, heads)
    wide = left + MARGIN + CELL * max(len(columns), 4)
    with sheet(title, ROW * max(len(rows), 1), left=left, bottom=below, width=max(wide, WIDTH)) as axes:
        shades, low = ("RdBu", -top) if is_signed else ("Blues", 0.0)
        axes.pcolormesh(values, edgecolors="white", linewidth=1.5, cmap=shades, vmin=low, vmax=top)
        axes.invert_yaxis()
        for (row, column), value in np.ndenumerate(values):
            ink = "white" if abs(value) > 0.6 * top else INK
            axes.text(column + 0.5, row + 0.5, format(value, form), ha="center", va="center", color=ink, fontsize=9)
        axes.set_yticks(np.arange(len(rows)) + 0.5, names)
        axes.set_xticks(
            np.arange(len(columns)) + 0.5, heads, rotation=TURN, ha="right", rotation_mode="anchor", va="center"
        )
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(axis="x", pad=9)
        figure: Any = axes.figure
        figure.text(0.5, MARGIN / 2 / figure.get_figheight(), axis, ha="center", va="bottom")
        return saved(axes, name)


def _margins(names: Sequence[str], heads: Sequence[str]) -> tuple[float, float]:
    """Inches for the names of the rows, and for those of the columns, which are turned, with the axis."""
    turn = math.radians(TURN)
    long, thick = room(heads), LINE * max((head.count("\n") + 1 for head in heads), default=1)
    left = max(room(names) + 2 * MARGIN, long * math.cos(turn) + MARGIN - CELL / 2)
    return left, long * math.sin(turn) + thick / 2 * math.cos(turn) + LINE + 2 * MARGIN
