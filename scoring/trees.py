"""Boosted trees as arrays, from LightGBM's own text: the library's log-odds, bit for bit, in half its time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from features import kernel
from scoring.model import Floats

FEW = 20_000  # up to so many rows starting threads costs more than the trees
TINY = float(np.float32(1e-35))  # up to which the library takes a number for zero
_LEFT, _ZERO, _NAN = 2, 4, 8  # of a node's decision: nulls go left; zeros are nulls; nulls are nulls


@dataclass(frozen=True)
class Trees:
    """Trees of plain numeric splits, one after the other; see `features.kernel.trees` for the arrays.

    Attributes
    ----------
    width : int
        Columns of a model matrix.
    nodes : tuple of ndarray
        Column, threshold, whether nulls go left, and the two children of each node.
    roots : int32[trees]
    leaves : float64[]
    """

    width: int
    nodes: tuple[npt.NDArray[Any], ...]
    roots: npt.NDArray[np.int32]
    leaves: Floats

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The trees of a model's text.

        Returns
        -------
        Trees or None
            None where a tree is of a kind that only the library reads (splits of categories, zeros that are nulls,
            linear leaves, several classes), or is none.

        Examples
        --------
        >>> text = '''num_class=1\\nmax_feature_idx=0\\n
        ... Tree=0\\nnum_leaves=2\\nsplit_feature=0\\nthreshold=1.5\\ndecision_type=10\\nleft_child=-1\\nright_child=-2
        ... leaf_value=-0.25 0.5\\n\\nend of trees'''
        >>> Trees.read(text).log_odds(np.array([[1.0], [2.0], [np.nan]])).tolist()
        [-0.25, 0.5, -0.25]
        """
        head, *parts = text.partition("\nend of trees")[0].split("\nTree=")
        about = _fields(head)
        if about.get("num_class") != "1" or "average_output" in head.split():
            return None
        width = int(about.get("max_feature_idx", -1)) + 1
        trees = [_tree(_fields(part), width) for part in parts]
        if any(tree is None for tree in trees):
            return None
        return cls._joined(width, [tree for tree in trees if tree is not None])

    @classmethod
    def _joined(cls, width: int, trees: list[_Tree]) -> Self:
        nodes = np.cumsum([0, *(len(tree.columns) for tree in trees)])
        leaves = np.cumsum([0, *(len(tree.leaves) for tree in trees)])
        children, roots = [np.zeros((0, 2), np.int32)], []
        for tree, node, leaf in zip(trees, nodes.tolist(), leaves.tolist(), strict=False):
            children.append(np.where(tree.children < 0, tree.children - leaf, tree.children + node).astype(np.int32))
            roots.append(node if len(tree.columns) else -1 - leaf)
        columns = np.concatenate([np.zeros(0, np.int32), *(tree.columns for tree in trees)]).astype(np.int32)
        thresholds = np.concatenate([np.zeros(0), *(tree.thresholds for tree in trees)])
        nan_left = np.concatenate([np.zeros(0, bool), *(tree.nan_left for tree in trees)])
        values = np.concatenate([np.zeros(0), *(tree.leaves for tree in trees)])
        whole = (columns, thresholds, nan_left, np.concatenate(children))
        return cls(width, whole, np.array(roots, np.int32), values)

    def log_odds(self, matrix: Floats, threads: int = 1) -> Floats:
        """The sum of each row's leaves, in the order of the trees.

        Parameters
        ----------
        matrix : ndarray of float64, shape (rows, width)
        threads : int
            How many work on many rows; 0 for those of the machine. The result does not depend on it.

        Raises
        ------
        ValueError
            If the matrix has another width.
        """
        if matrix.shape[1] != self.width:
            raise ValueError(f"the matrix has {matrix.shape[1]} columns; {self.width} are expected; encode it anew")
        rows, sums = np.ascontiguousarray(matrix), np.zeros(len(matrix))
        walk = kernel.load("trees").walk_trees
        workers = 1 if len(rows) <= FEW else threads or os.cpu_count() or 1
        if workers == 1:
            walk(rows, *self.nodes, self.roots, self.leaves, sums)
            return sums
        bounds = list(pairwise(np.linspace(0, len(rows), workers + 1).astype(int).tolist()))
        with ThreadPoolExecutor(workers) as pool:
            parts = [(rows[begin:end], *self.nodes, self.roots, self.leaves, sums[begin:end]) for begin, end in bounds]
            for _ in pool.map(lambda part: walk(*part), parts):
                pass
        return sums


@dataclass(frozen=True)
class _Tree:
    """One tree, its nodes and leaves numbered from 0."""

    columns: npt.NDArray[np.int32]
    thresholds: Floats
    nan_left: npt.NDArray[np.bool_]
    children: npt.NDArray[np.int32]
    leaves: Floats


def _tree(fields: dict[str, str], width: int) -> _Tree | None:
    """One tree; None where it is of another kind, or its nodes do not lead down to leaves."""
    decisions = _numbers(fields, "decision_type", np.int32)
    if fields.get("num_cat", "0") != "0" or fields.get("is_linear", "0") != "0" or (decisions & _ZERO).any():
        return None
    if (decisions & 1).any():
        return None
    thresholds = _without_tiny(_numbers(fields, "threshold", np.float64))
    # where no null was seen in training, the library takes a null for zero
    nan_left = np.where(decisions & _NAN, (decisions & _LEFT) != 0, thresholds >= 0)
    sides = [_numbers(fields, name, np.int32) for name in ("left_child", "right_child")]
    columns, leaves = _numbers(fields, "split_feature", np.int32), _numbers(fields, "leaf_value", np.float64)
    tree = _Tree(columns, thresholds, nan_left, np.stack(sides, axis=1), leaves)
    return tree if _leads_down(tree, width) else None


def _without_tiny(thresholds: Floats) -> Floats:
    """Thresholds beside which tiny numbers go where zero goes."""
    lower = np.where((thresholds >= -TINY) & (thresholds < 0), np.nextafter(-TINY, -np.inf), thresholds)
    result: Floats = np.where((lower >= 0) & (lower < TINY), TINY, lower)
    return result


def _leads_down(tree: _Tree, width: int) -> bool:
    """Whether every node asks for a column that there is, and every child lies further down."""
    count = len(tree.columns)
    if len(tree.leaves) != count + 1 or not len(tree.thresholds) == len(tree.nan_left) == len(tree.children) == count:
        return False
    child, above = tree.children, np.arange(count)[:, None]
    below = ((child > above) & (child < count)) | ((child < 0) & (child >= -len(tree.leaves)))
    return bool(below.all() and ((tree.columns >= 0) & (tree.columns < width)).all())


def _fields(part: str) -> dict[str, str]:
    return dict(_pairs(part))


def _pairs(part: str) -> Iterator[tuple[str, str]]:
    for line in part.splitlines():
        name, sign, value = line.partition("=")
        if sign:
            yield name, value


def _numbers(fields: dict[str, str], name: str, kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.array(fields.get(name, "").split(), dtype=kind)
