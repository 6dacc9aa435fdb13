"""K-means in plain numpy with one order of addition: equal input gives equal bytes on any number of threads."""

from __future__ import annotations

import numpy as np

from scoring import Floats
from scoring.grouping import Places

STARTS = 4
STEPS = 100


def kmeans(matrix: Floats, count: int, *, seed: int, starts: int = STARTS) -> Floats:
    """Centres of the best of several starts (k-means++), shape (count, axes).

    Parameters
    ----------
    matrix : ndarray, shape (rows, axes)
        At least `count` rows.
    count : int
    seed : int
    starts : int

    Examples
    --------
    >>> sorted(kmeans(np.array([[0.0], [0.2], [5.0]]), 2, seed=1).round(2).tolist())
    [[0.1], [5.0]]
    """
    random = np.random.default_rng(seed)
    best, least = np.empty((0, matrix.shape[1])), np.inf
    for _ in range(starts):
        centres, spread = settle(matrix, _spread_out(matrix, count, random))
        if spread < least:
            best, least = centres, spread
    return best


def settle(matrix: Floats, centres: Floats) -> tuple[Floats, float]:
    """Move centres to the means of their rows until none moves; an empty one stays where it is.

    Returns
    -------
    centres : ndarray
    spread : float
        Sum of the squared distances to the nearest centre.
    """
    places = _closest(matrix, centres)
    for _ in range(STEPS):
        centres = _means(matrix, places, centres)
        again = _closest(matrix, centres)
        if np.array_equal(again, places):
            break
        places = again
    return centres, float(((matrix - centres[places]) ** 2).sum())


def _closest(matrix: Floats, centres: Floats) -> Places:
    """As `nearest`, several times as fast, and equal up to the rounding of ties."""
    places: Places = np.argmin((centres * centres).sum(axis=1) - 2.0 * (matrix @ centres.T), axis=1)
    return places


def _means(matrix: Floats, places: Places, centres: Floats) -> Floats:
    count = len(centres)
    sizes = np.bincount(places, minlength=count)
    sums = np.stack([np.bincount(places, weights=column, minlength=count) for column in matrix.T], axis=1)
    return np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)


def _spread_out(matrix: Floats, count: int, random: np.random.Generator) -> Floats:
    """K-means++: each further centre is drawn with the square of its distance from those before."""
    chosen = [int(random.integers(len(matrix)))]
    distance = ((matrix - matrix[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        total = float(distance.sum())
        weight = distance / total if total > 0 else np.full(len(matrix), 1.0 / len(matrix))
        chosen.append(int(np.searchsorted(np.cumsum(weight), random.random()).clip(max=len(matrix) - 1)))
        distance = np.minimum(distance, ((matrix - matrix[chosen[-1]]) ** 2).sum(axis=1))
    return matrix[chosen]
