"""Where a value stands: round axis ticks, and the map from values to places."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LEAST = 1e-300  # a narrower span has no steps that a float can hold


def round_step(span: float, wanted: int) -> float:
    """The smallest step of 1, 2, 2.5 or 5 times a power of ten that parts `span` into at most `wanted` pieces.

    Examples
    --------
    >>> round_step(97, 5), round_step(0.013, 4)
    (20.0, 0.005)
    """
    raw = span / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    factor = next(step for step in STEPS if step * power >= raw * (1 - 1e-9))
    return float(f"{factor * power:.12g}")


def ticks(low: float, high: float, wanted: int = 5) -> tuple[list[float], float]:
    """Round numbers that cover ``[low, high]``, and the step between them.

    Examples
    --------
    >>> ticks(-3, 97)
    ([-20.0, 0.0, 20.0, 40.0, 60.0, 80.0, 100.0], 20.0)
    >>> ticks(7, 7)
    ([6.0, 6.5, 7.0, 7.5, 8.0], 0.5)
    """
    if high - low <= max(abs(high) * 1e-12, LEAST):
        margin = abs(high) / 7 if abs(high) > LEAST else 1.0
        low, high = low - margin, high + margin
    step = round_step(high - low, wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)], step


def extent(values: Iterable[float | None], *, zero: bool) -> tuple[float, float]:
    """The least and the greatest of `values`; `zero` makes sure that 0 lies between them.

    A line that stays far from zero is shown close up; one that comes within its own height of zero is shown with it.
    """
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if zero or 0 <= low <= high - low or 0 <= -high <= high - low:
        return min(low, 0.0), max(high, 0.0)
    return low, high


@dataclass(frozen=True)
class Scale:
    """A straight map of ``[low, high]`` to ``[start, end]`` (pixels)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value."""
        span = self.high - self.low
        return self.start + (value - self.low) / span * (self.end - self.start) if span else (self.start + self.end) / 2
