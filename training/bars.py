"""Bar charts for model cards: SVG and PNG, drawn without a browser and without anybody's screen."""

from __future__ import annotations

from collections.abc import Mapping

from training.pictures import INK, MODEL, SOFT, saved, styled


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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with styled():
        figure = Figure(figsize=(7.2, 1.3 + 0.42 * max(len(values), 1)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        labels = list(values)[::-1]
        lengths = [values[label] for label in labels]
        colours = [MODEL if strong in (None, label) else SOFT for label in labels]
        bars = axes.barh(labels, lengths, color=colours, height=0.62)
        axes.bar_label(bars, [format(length, form) for length in lengths], padding=4, color=INK)
        axes.set_xlim(0.0, max([*lengths, 1e-9]) * 1.12)
        axes.set_axisbelow(True)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_formatter(lambda value, _: format(value, form if "%" in form else ",.4g"))
        axes.set_xlabel(axis)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        return saved(figure, name)
