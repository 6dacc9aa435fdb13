"""Bar charts for model cards: SVG and PNG, drawn without a browser and without anybody's screen."""

from __future__ import annotations

from collections.abc import Mapping

from training.sheets import INK, MARGIN, MODEL, SOFT, room, saved, sheet, wrapped

BAR, TALL = 0.32, 0.4  # inches of a bar with its gap; of one whose label has two lines
LONGEST = 30  # letters of a line of a label


def draw(
    name: str, title: str, axis: str, values: Mapping[str, float], *, form: str = ",.3f", strong: str | None = None
) -> dict[str, bytes]:
    """Horizontal bars, the first on top.

    Parameters
    ----------
    name : str
        Of the files.
    title, axis : str
    values : mapping of str to float
        Length by label, none negative.
    form : str
        Format of the numbers, such as ``.0%``.
    strong : str, optional
        The bar that is coloured while the others are grey; by default all are coloured.

    Returns
    -------
    dict of str to bytes
        ``<name>.svg`` and ``<name>.png``.

    Examples
    --------
    >>> sorted(draw("sizes", "Sizes", "share", {"a": 0.4, "b": 0.6}, form=".0%"))
    ['sizes.png', 'sizes.svg']
    """
    labels, lengths = wrapped(values, LONGEST)[::-1], list(values.values())[::-1]
    colours = [MODEL if strong in (None, label) else SOFT for label in values][::-1]
    told = [format(length, form) for length in lengths]
    left, right = room(labels) + 2 * MARGIN, room(told) + 2 * MARGIN
    each = TALL if any("\n" in label for label in labels) else BAR
    with sheet(title, each * max(len(values), 1), left=left, right=right) as axes:
        places = range(len(labels))
        bars = axes.barh(places, lengths, color=colours, height=0.66)
        axes.bar_label(bars, told, padding=3, color=INK, fontsize=9)
        axes.set_yticks(places, labels)
        axes.set_xlim(0.0, max([*lengths, 1e-9]))
        axes.set_ylim(-0.6, len(labels) - 0.4)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_formatter(lambda value, _: format(value, form if "%" in form else ",.4g"))
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(axis)
        return saved(axes, name)
