"""Clusters that stay: how many there are is what resampled customers agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring import Floats, Frame
from scoring.grouping import Clusters, Places, Scale, logged, nearest
from training.kmeans import STARTS, kmeans, settle

FEWEST, MOST = 3, 8
ROUNDS = 6
AGAIN = 2  # beginnings that are tried for each resample
SAMPLE = 3_000  # customers on which the number of clusters is tried
AGREEMENT, OVERLAP = 0.8, 0.75
SMALLEST, LARGEST = 0.03, 0.40
MOSTLY = 0.75  # a column of which more is one value cannot carry a cluster


@dataclass(frozen=True)
class Stability:
    """How well a number of clusters stands up to resampling.

    Attributes
    ----------
    count : int
    agreement : float
        Mean adjusted Rand index between the clusters of all and of resampled customers.
    overlap : float
        Of the cluster that is found again worst: its mean Jaccard index.
    smallest, largest : float
        Shares of the customers.
    """

    count: int
    agreement: float
    overlap: float
    smallest: float
    largest: float

    @property
    def is_stable(self) -> bool:
        """Whether all four are within their bounds."""
        fits = self.smallest >= SMALLEST and self.largest <= LARGEST
        return fits and self.agreement >= AGREEMENT and self.overlap >= OVERLAP

    @property
    def words(self) -> str:
        """The numbers as a sentence."""
        return (
            f"{self.count} clusters: adjusted Rand {self.agreement:.2f}, worst Jaccard {self.overlap:.2f}, "
            f"sizes {self.smallest:.0%} to {self.largest:.0%}"
        )


def scale(frame: Frame, columns: Sequence[tuple[str, str | None]]) -> list[Scale]:
    """Learn centre and spread of each column; columns that hardly vary are left out.

    Parameters
    ----------
    frame : mapping of str to ndarray
    columns : sequence of (str, str or None)
        Feature, and the feature that it is divided by.

    Examples
    --------
    >>> scale({"a:x": np.array([1.0, 2.0, 4.0, 8.0]), "a:y": np.zeros(4)}, [("a:x", None), ("a:y", None)])[0].ref
    'a:x'
    """
    found = []
    for ref, per in columns:
        values = logged(frame, ref, per)
        known = values[np.isfinite(values)]
        if not len(known) or len(known) < len(values) * (1.0 - MOSTLY):
            continue
        _, counts = np.unique(known, return_counts=True)
        low, centre, high = np.quantile(known, [0.25, 0.5, 0.75])
        spread = float(high - low) or float(known.std())
        if counts.max() > MOSTLY * len(known) or spread <= 0:
            continue
        found.append(Scale(ref, per, float(centre), spread, 0.0))
    return found


def cluster(matrix: Floats, count: int, *, seed: int, start: Floats | None = None, starts: int = STARTS) -> Floats:
    """Centres of k-means clusters, the largest first; equal input gives equal bytes.

    Parameters
    ----------
    matrix : ndarray, shape (rows, axes)
    count : int
    seed : int
    start : ndarray, shape (count, axes), optional
        Where the centres begin; found clusters stay in this order.
    starts : int
        How many beginnings are tried where none is given.

    Examples
    --------
    >>> cluster(np.array([[0.0], [0.1], [5.0], [0.05]]), 2, seed=1).round(2).tolist()
    [[0.05], [5.0]]
    """
    if start is not None:
        return settle(matrix, start)[0]
    centres = kmeans(matrix, count, seed=seed, starts=starts)
    sizes = np.bincount(nearest(matrix, centres), minlength=count)
    return centres[np.lexsort((*centres.T[::-1], -sizes))]


def stability(matrix: Floats, count: int, *, seed: int, centres: Floats | None = None) -> Stability:
    """Cluster resampled customers, and see whether the same clusters come out.

    Parameters
    ----------
    matrix : ndarray, shape (rows, axes)
    count : int
    seed : int
    centres : ndarray, shape (count, axes), optional
        The clusters to be found again; by default they are made here.

    Examples
    --------
    >>> far = np.repeat([[0.0], [5.0], [10.0]], 40, axis=0) + np.linspace(0, 1, 120)[:, None]
    >>> stability(far, 3, seed=1).is_stable
    True
    """
    random = np.random.default_rng(seed)
    matrix = matrix[random.permutation(len(matrix))[:SAMPLE]]
    labels = nearest(matrix, cluster(matrix, count, seed=seed) if centres is None else centres)
    agreements, overlaps = np.empty(ROUNDS), np.empty((ROUNDS, count))
    for turn in range(ROUNDS):
        drawn = matrix[random.integers(0, len(matrix), len(matrix))]
        again = nearest(matrix, cluster(drawn, count, seed=seed + turn, starts=AGAIN))
        table = crossing(labels, again, count)
        agreements[turn] = adjusted_rand(table)
        overlaps[turn] = jaccard(table).max(axis=1)
    shares = np.bincount(labels, minlength=count) / len(labels)
    return Stability(
        count,
        float(agreements.mean()),
        float(overlaps.mean(axis=0).min()),
        float(shares.min()),
        float(shares.max()),
    )


def crossing(first: Places, second: Places, count: int) -> npt.NDArray[np.int64]:
    """How many rows each pair of groups shares, shape (count, count).

    Examples
    --------
    >>> crossing(np.array([0, 1, 1]), np.array([1, 0, 0]), 2).tolist()
    [[0, 1], [2, 0]]
    """
    pairs: npt.NDArray[np.int64] = np.bincount(first * count + second, minlength=count * count).reshape(count, count)
    return pairs


def adjusted_rand(table: npt.NDArray[np.int64]) -> float:
    """Agreement of two groupings beyond chance: 1 is the same, 0 is chance.

    Examples
    --------
    >>> adjusted_rand(np.array([[0, 1], [2, 0]]))
    1.0
    """

    def pairs(counts: npt.NDArray[np.int64]) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, first, second = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = first * second / max(pairs(table.sum(keepdims=True)), 1.0)
    largest = (first + second) / 2
    return 1.0 if largest == expected else (both - expected) / (largest - expected)


def jaccard(table: npt.NDArray[np.int64]) -> Floats:
    """Shared rows of each pair of groups over the rows in either."""
    either = table.sum(axis=1)[:, None] + table.sum(axis=0)[None, :] - table
    result: Floats = table / np.maximum(either, 1)
    return result


def grouping(frame: Frame, scales: Sequence[Scale], count: int, *, seed: int, start: Floats | None = None) -> Clusters:
    """Clusters of a frame's rows."""
    space = Clusters(scales, np.empty((0, len(scales))))
    return Clusters(scales, cluster(space.matrix(frame), count, seed=seed, start=start))
