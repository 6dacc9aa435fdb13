"""The three rungs of the ladder: a rule over one feature, regularised logistic regression, LightGBM.

Each is fitted on rows by its own library and exported to the files from which `scoring` answers; training proves
that both answer the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from scoring import Floats, Frame
from scoring.cores import Boosted, Core, Linear
from scoring.encoding import Encoder
from training.boosting import Booster, boost
from training.inputs import Input
from training.measures import losses
from training.preparation import Preparation
from training.rows import Rows
from training.splits import fold_of

STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # inverse regularisation tried by logistic regression
SAMPLE = 5_000  # rows on which it is tried
FEWEST = {"rule": 0, "logistic": 10, "lightgbm": 100}
"""Rows of the rarer outcome that a rung needs."""


@dataclass(frozen=True)
class Fitted:
    """One fitted rung.

    Attributes
    ----------
    rung : str
    inputs : sequence of Input
        What it was fitted on.
    preparation : Preparation
    files : mapping of str to content
        ``linear.json`` or ``model.txt``.
    params : mapping
        Parameters of the fit, plain JSON.
    """

    rung: str
    inputs: Sequence[Input]
    preparation: Preparation
    files: Mapping[str, Any]
    estimator: Any
    params: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def core(self) -> Core:
        """What answers, read back from the exported files."""
        return Boosted(self.files["model.txt"]) if self.rung == "lightgbm" else Linear(self.files["linear.json"])

    @cached_property
    def encoder(self) -> Encoder:
        """The exported form of the preparation."""
        exported = self.preparation.export()
        inputs = [item.to_json() for item in self.inputs]
        return Encoder(self.rung, inputs, exported["groups"], exported["columns"])

    def log_odds(self, frame: Frame) -> Floats:
        """Uncalibrated log-odds through the exported form, as scoring gives them."""
        return self.core.log_odds(self.encoder.matrix(frame))

    def original(self, frame: Frame) -> Floats:
        """The library's own uncalibrated log-odds, through the fitted pipeline, for the proof of parity."""
        matrix = self.preparation.matrix(frame)
        if self.rung == "lightgbm":
            return np.asarray(self.estimator.predict(matrix, raw_score=True), dtype=np.float64)
        return np.asarray(self.estimator.decision_function(matrix), dtype=np.float64)


def fit_rule(rows: Rows, rule: Input, *, seed: int) -> Fitted:
    """The naive rule as a model: the outcome's rate by one feature.

    A category answers with its group's rate, a number through a curve that only rises or only falls.
    """
    return _fit_linear("rule", rows, [rule], strengths=(0.3,), seed=seed)


def fit_logistic(rows: Rows, inputs: Sequence[Input], *, seed: int, strength: float | None = None) -> Fitted:
    """Logistic regression; its regularisation is chosen by log loss in folds by entity, where it is not given."""
    return _fit_linear("logistic", rows, inputs, strengths=STRENGTHS if strength is None else (strength,), seed=seed)


def fit_lightgbm(rows: Rows, inputs: Sequence[Input], *, seed: int, params: Mapping[str, Any] | None = None) -> Fitted:
    """Boosted trees with LightGBM.

    Parameters
    ----------
    params : mapping, optional
        Parameters that a search found; by default sound ones for the number of rows.
    """
    preparation = Preparation(inputs, is_linear=False).fit(rows.frame, rows.y)
    booster: Booster = boost(preparation.taught, rows.y, rows.ids, seed=seed, params=params)
    return Fitted("lightgbm", inputs, preparation, {"model.txt": booster.text}, booster.model, booster.params)


def _fit_linear(rung: str, rows: Rows, inputs: Sequence[Input], *, strengths: Sequence[float], seed: int) -> Fitted:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn, untyped

    preparation = Preparation(inputs, is_linear=True, is_capped=rung != "rule").fit(rows.frame, rows.y)
    matrix = preparation.taught
    with threadpool_limits(1):  # one order of addition, so that the same data give the same bytes
        strength = _strength(matrix, rows, strengths, seed=seed)
        # second-order steps: a few passes over many rows where first-order ones need hundreds
        estimator = LogisticRegression(C=strength, max_iter=2000, tol=1e-8, solver="newton-cholesky")
        estimator.fit(matrix, rows.y)
    estimator.coef_ = np.array([[_short(value) for value in estimator.coef_[0]]])
    estimator.intercept_ = np.array([_short(estimator.intercept_[0])])
    weights = {
        "intercept": float(estimator.intercept_[0]),
        "coefficients": estimator.coef_[0].tolist(),
        "means": [_short(value) for value in matrix.mean(axis=0)],
    }
    return Fitted(rung, inputs, preparation, {"linear.json": weights}, estimator, {"C": strength})


def _strength(matrix: Floats, rows: Rows, strengths: Sequence[float], *, seed: int) -> float:
    from sklearn.linear_model import LogisticRegression

    if len(strengths) == 1:
        return strengths[0]
    if len(rows) > SAMPLE:
        chosen = np.sort(np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False))
        matrix, rows = matrix[chosen], rows.take(chosen)
    fold = fold_of(rows.ids, rows.y, 3, seed=seed)
    total = dict.fromkeys(strengths, 0.0)
    for place in range(3):
        inside, outside = fold != place, fold == place
        if not 0 < rows.y[inside].sum() < inside.sum():
            continue
        for strength in strengths:
            model = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(matrix[inside], rows.y[inside])
            total[strength] += float(losses(rows.y[outside], model.predict_proba(matrix[outside])[:, 1]).sum())
    return min(strengths, key=lambda strength: total[strength])


def _short(value: float) -> float:
    return float(f"{value:.12g}")
