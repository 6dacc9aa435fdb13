"""How good rankings of items are: over all items, none sampled, for customers who bought something afterwards."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from scoring import Floats
from scoring.ranker import best

Ranks: TypeAlias = npt.NDArray[np.intp]
Flags: TypeAlias = npt.NDArray[np.bool_]


def top(scores: Floats, depth: int) -> Ranks:
    """Places of the `depth` best scores of each row, best first; among equal ones the first.

    Parameters
    ----------
    scores : ndarray, shape (rows, items)
        Minus infinity is ranked last.
    depth : int
        Fewer when there are fewer items.

    Examples
    --------
    >>> top(np.array([[0.5, 2.0, 2.0, 0.1]]), 2).tolist()
    [[1, 2]]
    """
    count = scores.shape[1]
    if count <= depth:
        return np.argsort(-scores, axis=1, kind="stable")
    chosen = np.sort(np.argpartition(-scores, depth - 1, axis=1)[:, :depth], axis=1)
    values = np.take_along_axis(scores, chosen, axis=1)
    edge = values.min(axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ranked: Ranks = np.take_along_axis(chosen, order, axis=1)
    cut = np.flatnonzero((scores == edge[:, None]).sum(axis=1) > (values == edge[:, None]).sum(axis=1))
    for row in cut:  # equal scores on both sides of the cut
        exact = best(scores[row], depth)
        ranked[row, : len(exact)] = exact
    return ranked


def ndcg(ranked: Ranks, wanted: Flags, depth: int = 10) -> Floats:
    """Discounted gain of the first `depth` items over that of the best possible list, for each row.

    Parameters
    ----------
    ranked : ndarray of intp, shape (rows, at least depth)
        Items, best first.
    wanted : ndarray of bool, shape (rows, items)
        What was bought afterwards.
    depth : int

    Returns
    -------
    ndarray of float64, shape (rows,)
        NaN where nothing was wanted.

    Examples
    --------
    >>> ndcg(np.array([[2, 0, 1], [2, 0, 1]]), np.array([[False, False, True], [True, False, False]])).round(3).tolist()
    [1.0, 0.631]
    """
    gains = 1.0 / np.log2(np.arange(2, depth + 2))
    hits = np.take_along_axis(wanted, ranked[:, :depth], axis=1)
    reached = (hits * gains[: hits.shape[1]]).sum(axis=1)
    ideal = np.concatenate([[np.nan], np.cumsum(gains)])[np.minimum(wanted.sum(axis=1), depth)]
    return np.asarray(reached / ideal)


def recall(ranked: Ranks, wanted: Flags, depth: int = 20) -> Floats:
    """Share of what was bought that stands among the first `depth` items, for each row; NaN where nothing was.

    Examples
    --------
    >>> recall(np.array([[2, 0]]), np.array([[True, True, False]]), depth=2).tolist()
    [0.5]
    """
    sizes = wanted.sum(axis=1)
    hits = np.take_along_axis(wanted, ranked[:, :depth], axis=1).sum(axis=1)
    return np.where(sizes > 0, hits / np.maximum(sizes, 1), np.nan)
