"""What answers inside a binary model: a weighted sum (rule and logistic rungs) or boosted trees.

Both give log-odds and the exact contribution of every column; contributions and base add up to the
log-odds. A row's result does not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from scoring.model import Floats

ALL = 0  # threads of the machine
FEW = 1_000  # up to so many rows starting threads costs more than the trees
FEW_EXPLAINED = 20  # the same of contributions, which cost a hundred times as much


class Core(Protocol):
    """Log-odds from a model matrix; `threads` work on many rows, with the same result."""

    base: float
    threads: int

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
    """LightGBM's trees, from its own text.

    Parameters
    ----------
    text : str
        Content of ``model.txt``.
    """

    def __init__(self, text: str) -> None:
        import lightgbm

        self.threads = ALL
        self.booster = lightgbm.Booster(model_str=text)
        nothing = np.zeros((1, self.booster.num_feature()))
        self.base = float(self._predict(nothing, pred_contrib=True)[0, -1])

    def log_odds(self, matrix: Floats) -> Floats:
        """Uncalibrated log-odds, shape (rows,)."""
        return self._predict(matrix, raw_score=True)

    def contributions(self, matrix: Floats) -> Floats:
        """What each column adds to `base`, in log-odds, shape (rows, columns)."""
        if not len(matrix):  # LightGBM divides by the number of rows
            return np.zeros(matrix.shape)
        return self._predict(matrix, few=FEW_EXPLAINED, pred_contrib=True)[:, :-1]

    def _predict(self, matrix: Floats, *, few: int = FEW, **what: bool) -> Floats:
        threads = 1 if len(matrix) <= few else self.threads
        return np.asarray(self.booster.predict(matrix, num_threads=threads, **what), dtype=np.float64)
