"""Intervals of shares: how far counts of a few hundred people can be relied on."""

from __future__ import annotations

from math import sqrt

Z = 1.96  # of 95 %


def share(hits: float, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    Examples
    --------
    >>> [round(edge, 3) for edge in share(5, 10)]
    [0.237, 0.763]
    """
    rate, spread = hits / of, Z * Z / of
    middle = (rate + spread / 2) / (1 + spread)
    width = Z * sqrt(rate * (1 - rate) / of + spread / of / 4) / (1 + spread)
    return middle - width, middle + width


def difference(hits: float, of: int, other_hits: float, other_of: int) -> tuple[float, float]:
    """Newcombe's 95 % interval of one share less another, from those of the two.

    Examples
    --------
    >>> [round(edge, 3) for edge in difference(56, 70, 48, 80)]
    [0.052, 0.334]
    """
    rate, other = hits / of, other_hits / other_of
    (low, high), (other_low, other_high) = share(hits, of), share(other_hits, other_of)
    middle = rate - other
    return middle - sqrt((rate - low) ** 2 + (other_high - other) ** 2), middle + sqrt(
        (high - rate) ** 2 + (other - other_low) ** 2
    )
