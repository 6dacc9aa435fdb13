"""Colours that people with any colour vision tell apart, on light and on dark ground.

Series: after Okabe and Ito, "Color Universal Design" (2008). Each series also has its own dash and mark.
"""

from __future__ import annotations

SERIES = ("#2878b5", "#e08a00", "#1a9a76", "#c4639b", "#d1541c", "#4ba3d9", "#8a8a8a", "#a8920a")
DASHES = ("none", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "1 2", "6 2 1 2 1 2")
_SEQUENTIAL = ((0.0, (240, 246, 251)), (0.35, (150, 196, 226)), (0.7, (47, 126, 188)), (1.0, (8, 48, 107)))
_DIVERGING = ((0.0, (179, 88, 6)), (0.5, (247, 247, 247)), (1.0, (33, 102, 172)))


def colour(index: int) -> str:
    """The colour of the series at `index`."""
    return SERIES[index % len(SERIES)]


def dash(index: int) -> str:
    """The dash of the line at `index`; the first is solid."""
    return DASHES[index % len(DASHES)]


def shade(share: float, *, diverging: bool = False) -> tuple[str, str]:
    """The colour of a heat map's cell at `share` (0..1) of the range, and the colour of text that is read on it.

    Examples
    --------
    >>> shade(0.0), shade(1.0)
    (('#f0f6fb', '#111111'), ('#08306b', '#ffffff'))
    """
    stops = _DIVERGING if diverging else _SEQUENTIAL
    share = min(max(share, 0.0), 1.0)
    upper = next(index for index, (at, _) in enumerate(stops) if (share <= at and index > 0) or at == 1.0)
    (low, first), (high, last) = stops[upper - 1], stops[upper]
    weight = (share - low) / (high - low)
    red, green, blue = (round(a + weight * (b - a)) for a, b in zip(first, last, strict=True))
    bright = 0.299 * red + 0.587 * green + 0.114 * blue
    return f"#{red:02x}{green:02x}{blue:02x}", "#111111" if bright > 140 else "#ffffff"
