"""Bar charts for model cards: SVG and PNG, drawn without a browser and without anybody's screen."""

from __future__ import annotations

import io
from collections.abc import Mapping

from training.pictures import INK, MODEL, STYLE


def draw(name: str, title: str, axis: str, values: Mapping[str, float], *, percent: bool = False) -> dict[str, bytes]:
    """Horizontal bars, the first on top.

    Parameters
    ----------
    name : str
        Of the files.
    title, axis : str
    values : mapping of str to float
        Length by label.
    percent : bool
        Whether values are shares.

    Returns
    -------
    dict of str to bytes
        ``<name>.svg`` and ``<name>.png``.

    Examples
    --------
    >>> sorted(draw("sizes", "Sizes", "share", {"a": 0.4, "b": 0.6}, percent=True))
    ['sizes.png', 'sizes.svg']
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(dict(STYLE)):  # type: ignore[arg-type]  # matplotlib types each key by its name
        figure = Figure(figsize=(7.2, 1.2 + 0.42 * max(len(values), 1)))
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        labels = list(values)[::-1]
        lengths = [values[label] for label in labels]
        bars = axes.barh(labels, lengths, color=MODEL, height=0.62)
        axes.bar_label(bars, [f"{value:.0%}" if percent else f"{value:.3f}" for value in lengths], padding=4, color=INK)
        axes.set_xlim(min(0.0, *lengths, 0.0), max(*lengths, 1e-9) * 1.15 if len(lengths) > 1 else None)
        axes.grid(visible=False, axis="y")
        axes.set_title(title)
        axes.set_xlabel(axis)
        figure.tight_layout()
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": "Rapport"})
        figure.savefig(png, format="png", metadata={"Software": "Rapport"})
    return {f"{name}.svg": svg.getvalue(), f"{name}.png": png.getvalue()}
