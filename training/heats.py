"""Heat maps for model cards: SVG and PNG, drawn without a browser and without anybody's screen."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from training.pictures import saved, styled

LONGEST = 26  # letters of a label; what is longer goes onto further lines


def draw(
    name: str,
    title: str,
    axis: str,
    rows: Mapping[str, Sequence[float]],
    columns: Sequence[str],
    *,
    form: str = "+.1f",
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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    values = np.array(list(rows.values()), dtype=np.float64).reshape(len(rows), len(columns))
    top = max(float(np.abs(values).max(initial=0.0)), 1e-9)
    with styled():
        size = (2.6 + 0.78 * max(len(columns), 4), 2.3 + 0.42 * max(len(rows), 1))
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        shades, low = ("RdBu", -top) if is_signed else ("Blues", 0.0)
        axes.pcolormesh(values, edgecolors="white", linewidth=1.5, cmap=shades, vmin=low, vmax=top)
        axes.invert_yaxis()
        for (row, column), value in np.ndenumerate(values):
            ink = "white" if abs(value) > 0.6 * top else "#1f2933"
            axes.text(column + 0.5, row + 0.5, format(value, form), ha="center", va="center", color=ink, fontsize=9)
        axes.set_yticks(np.arange(len(rows)) + 0.5, [_wrapped(label) for label in rows])
        axes.set_xticks(
            np.arange(len(columns)) + 0.5, [_wrapped(label) for label in columns], rotation=40, ha="right", fontsize=9
        )
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.set_xlabel(axis)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        return saved(figure, name)


def _wrapped(label: str) -> str:
    return "\n".join(textwrap.wrap(label, LONGEST))
