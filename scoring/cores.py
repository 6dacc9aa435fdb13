"""What answers inside a binary model: a weighted sum (rule and logistic rungs) or boosted trees.

Both give log-odds and the exact contribution of every column; contributions and base add up to the
log-odds. A row's result does not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from scoring.model import Floats
from scoring.trees import Trees

ALL = 0  # threads of the machine
FEW = 1_000  # up to so many rows starting threads costs more than the trees
FEW_EXPLAINED = 20  # the same of contributions, which cost a hundred times as much


class Core(Protocol):
    """Log-odds from a model matrix; `threads` work on many rows, with the same result."""

    threads: int

    @property
    def base(self) -> float:
        """To which contributions are added."""

    def log_odds(self, matrix: Floats) -> Floats:
        """Uncalibrated log-odds, shape (rows,)."""

    def contributions(self, matrix: Floats) -> Floats:
        """What each column adds to `base`, in log-odds, shape (rows, columns)."""


class Linear:
    """A weighted sum of columns.

    Parameters
    ----------
    weights : mapping
        ``{"intercept", "coefficients": [...], "means": [...]}``; the means are the columns' means in training.

    Examples
    --------
    >>> core = Linear({"intercept": 1.0, "coefficients": [2.0], "means": [0.5]})
    >>> core.log_odds(np.array([[3.0]])).tolist(), core.base, core.contributions(np.array([[3.0]])).tolist()
    ([7.0], 2.0, [[5.0]])
    """

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self.intercept = float(weights["intercept"])
        self.coefficients = np.array(weights["coefficients"], dtype=np.float64)
        self.means = np.array(weights["means"], dtype=np.float64)
        self.base = self.intercept + float(np.sum(self.coefficients * self.means))
        self.threads = 1

    def log_odds(self, matrix: Floats) -> Floats:
        """Uncalibrated log-odds, shape (rows,)."""
        # a running sum has one order of addition; a matrix product's order depends on the number of rows
        terms = np.cumsum(matrix * self.coefficients, axis=1)
        result: Floats = terms[:, -1] + self.intercept
        return result

    def contributions(self, matrix: Floats) -> Floats:
        """What each column adds to `base`, in log-odds, shape (rows, columns)."""
        result: Floats = (matrix - self.means) * self.coefficients
        return result


class Boosted:
    """LightGBM's trees, from its own text; the library itself is opened for contributions, and for unusual trees.

    Parameters
    ----------
    text : str
        Content of ``model.txt``.
    """

    def __init__(self, text: str) -> None:
        self.threads = ALL
        self._text = text
        self._trees = Trees.read(text)

    @cached_property
    def base(self) -> float:
        """The mean log-odds, to which contributions are added."""
        nothing = np.zeros((1, self._booster.num_feature()))
        return float(self._predict(nothing, FEW_EXPLAINED, pred_contrib=True)[0, -1])

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self._text)

    def log_odds(self, matrix: Floats) -> Floats:
        """Uncalibrated log-odds, shape (rows,)."""
        if self._trees is None:
            return self._predict(matrix, FEW, raw_score=True)
        return self._trees.log_odds(matrix, self.threads)

    def contributions(self, matrix: Floats) -> Floats:
        """What each column adds to `base`, in log-odds, shape (rows, columns)."""
        if not len(matrix):  # LightGBM divides by the number of rows
            return np.zeros(matrix.shape)
        return self._predict(matrix, FEW_EXPLAINED, pred_contrib=True)[:, :-1]

    def _predict(self, matrix: Floats, few: int, **what: bool) -> Floats:
        threads = 1 if len(matrix) <= few else self.threads
        return np.asarray(self._booster.predict(matrix, num_threads=threads, **what), dtype=np.float64)
