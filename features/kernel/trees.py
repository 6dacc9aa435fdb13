"""Trees: rows of numbers walked down boosted trees, four rows at a time, so that no row waits for another's memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.kernel.compiled import compiled, inlined
from features.kernel.program import Floats

BLOCK = 256  # rows that stay near the processor while tree after tree passes over them


@compiled
def walk_trees(
    rows: Floats,
    columns: npt.NDArray[np.int32],
    thresholds: Floats,
    nan_left: npt.NDArray[np.bool_],
    children: npt.NDArray[np.int32],
    roots: npt.NDArray[np.int32],
    leaves: Floats,
    sums: Floats,
) -> None:
    """Add each row's leaf of every tree to its sum, in the order of the trees.

    Parameters
    ----------
    rows : float64[n, m]
    columns, thresholds, nan_left : int32[k], float64[k], bool[k]
        Of each inner node: a row goes left where its column is at most the threshold, or null and nulls go left.
    children : int32[k, 2]
        Left and right; ``-1 - leaf`` for a leaf.
    roots : int32[t]
        First node of each tree, written like a child.
    leaves : float64[]
    sums : float64[n]
        Added to.
    """
    for begin in range(0, len(rows), BLOCK):
        end = min(begin + BLOCK, len(rows))
        for tree in range(len(roots)):
            row = begin
            while row + 4 <= end:
                a = b = c = d = roots[tree]
                while max(max(a, b), max(c, d)) >= 0:
                    a = _step(rows, row, columns, thresholds, nan_left, children, a)
                    b = _step(rows, row + 1, columns, thresholds, nan_left, children, b)
                    c = _step(rows, row + 2, columns, thresholds, nan_left, children, c)
                    d = _step(rows, row + 3, columns, thresholds, nan_left, children, d)
                sums[row] += leaves[-1 - a]
                sums[row + 1] += leaves[-1 - b]
                sums[row + 2] += leaves[-1 - c]
                sums[row + 3] += leaves[-1 - d]
                row += 4
            while row < end:
                a = roots[tree]
                while a >= 0:
                    a = _step(rows, row, columns, thresholds, nan_left, children, a)
                sums[row] += leaves[-1 - a]
                row += 1


@inlined
def _step(
    rows: Floats,
    row: int,
    columns: npt.NDArray[np.int32],
    thresholds: Floats,
    nan_left: npt.NDArray[np.bool_],
    children: npt.NDArray[np.int32],
    node: np.int32,
) -> np.int32:
    """The child of a node to which a row goes; a leaf stays. Without branches, which would be guessed wrong."""
    inner = max(node, np.int32(0))
    value = rows[row, columns[inner]]
    is_left = (value <= thresholds[inner]) | ((value != value) & nan_left[inner])
    child = children[inner, 1 - np.int64(is_left)]
    return child if node >= 0 else node
