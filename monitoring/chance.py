"""What chance alone does to counts: distances between two samples of one population.

Every test is conditional on the two samples taken together: had both been dealt from one pile, how often would they
differ as much? That holds for any column, any tie and any sample size, so the rate of false alarms is what it says.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Counts: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

FEWEST = 5.0  # bins in which the smaller sample expects fewer are joined
SKETCH, EXACT = 1_000, 40_000  # deals for a first estimate of the critical value, and to confirm an alarm


def psi(reference: Counts, current: Counts) -> Floats:
    """Population stability index of counts in the same bins, half a row added to each.

    Parameters
    ----------
    reference, current : ndarray of int64, shape (..., bins)

    Returns
    -------
    ndarray of float64, shape (...)

    Examples
    --------
    >>> round(float(psi(np.array([500, 500]), np.array([300, 700]))), 3)
    0.169
    """
    expected, found = reference + 0.5, current + 0.5
    expected = expected / expected.sum(axis=-1, keepdims=True)
    found = found / found.sum(axis=-1, keepdims=True)
    result: Floats = ((found - expected) * np.log(found / expected)).sum(axis=-1)
    return result


def joined(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
    """Neighbouring bins added up until both samples expect at least five rows in each.

    Examples
    --------
    >>> joined(np.array([90, 5, 5]), np.array([9, 1, 0]))
    (array([100]), array([10]))
    """
    both = reference + current
    smaller = min(int(reference.sum()), int(current.sum()))
    needed = FEWEST * int(both.sum()) / max(smaller, 1)
    starts, gathered = [0], 0
    for place, count in enumerate(both):
        if gathered >= needed and both[place:].sum() >= needed:
            starts.append(place)
            gathered = 0
        gathered += int(count)
    return np.add.reduceat(reference, starts), np.add.reduceat(current, starts)


def dealt(reference: Counts, current: Counts, deals: int, rng: np.random.Generator) -> Floats:
    """PSI of `deals` random divisions of the two samples' pile into samples of the same sizes."""
    pile = reference + current
    hands = rng.multivariate_hypergeometric(pile, int(current.sum()), size=deals, method="marginals")
    return psi(pile - hands, hands)


def critical_psi(reference: Counts, current: Counts, chance: float, rng: np.random.Generator) -> float:
    """The PSI that chance exceeds with probability `chance`, from a gamma law fitted to `SKETCH` deals."""
    from scipy.stats import gamma

    drawn = dealt(reference, current, SKETCH, rng)
    mean, variance = float(drawn.mean()), float(drawn.var())
    if variance <= 0:
        return mean
    return float(gamma.isf(chance, mean**2 / variance, scale=variance / mean))


def psi_chance(reference: Counts, current: Counts, rng: np.random.Generator) -> float:
    """How often chance gives a PSI as large as the one found (never below one in `EXACT`)."""
    found = float(psi(reference, current))
    return float((1 + (dealt(reference, current, EXACT, rng) >= found).sum()) / (1 + EXACT))


def rate_chance(reference: int, reference_rows: int, current: int, current_rows: int) -> tuple[float, float]:
    """How often chance puts as few, and as many, of the pile's marked rows into the current sample.

    Parameters
    ----------
    reference, reference_rows, current, current_rows : int
        Marked rows and all rows of each sample.

    Returns
    -------
    fewer, more : float

    Examples
    --------
    >>> fewer, more = rate_chance(10, 1000, 40, 1000)
    >>> fewer > 0.99, more < 0.001
    (True, True)
    """
    from scipy.stats import hypergeom

    law = (reference_rows + current_rows, reference + current, current_rows)
    return float(hypergeom.cdf(current, *law)), float(hypergeom.sf(current - 1, *law))


@lru_cache(maxsize=4_096)
def least_detectable(reference: int, reference_rows: int, current_rows: int, chance: float) -> float:
    """The smallest current rate above the reference's that chance alone reaches less often than `chance`.

    Examples
    --------
    >>> least_detectable(0, 5_000, 20, 0.001) > least_detectable(0, 5_000, 2_000, 0.001)
    True
    """
    low, high = 0, current_rows + 1
    while high - low > 1:
        middle = (low + high) // 2
        if rate_chance(reference, reference_rows, middle, current_rows)[1] < chance:
            high = middle
        else:
            low = middle
    return high / max(current_rows, 1)
