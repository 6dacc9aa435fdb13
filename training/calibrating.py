"""Calibration on rows that the model did not see: none, sigmoid or isotonic, whichever wins on others of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scoring import Floats
from scoring.calibration import Calibration, log_odds_of, probability
from training.measures import losses
from training.rows import Index

NONE: Mapping[str, Any] = {"method": "none", "x": [], "y": []}
FEWEST_SIGMOID = 20  # rows of the rarer outcome
FEWEST_ISOTONIC = 200
MOST_KNOTS = 60


def fit_sigmoid(raw: Floats, y: Floats) -> Mapping[str, Any]:
    """A straight line in log-odds (Platt), as two knots; none where it would turn the order round.

    Examples
    --------
    >>> raw = np.linspace(-2, 2, 400)
    >>> fit_sigmoid(raw, (np.arange(400) % 7 < 3).astype(float) * (raw > -1))["method"]
    'sigmoid'
    """
    from scipy.optimize import minimize

    smoothed = np.where(y > 0, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))  # Platt's targets

    def loss(line: Floats) -> tuple[float, Floats]:
        given = probability(line[0] + line[1] * raw)
        rest = given - smoothed
        return float(losses(smoothed, given).mean()), np.array([rest.mean(), (rest * raw).mean()])

    found = minimize(loss, np.array([0.0, 1.0]), jac=True, method="BFGS")
    shift, slope = (float(f"{value:.10g}") for value in found.x)
    return {"method": "sigmoid", "x": [0.0, 1.0], "y": [shift, shift + slope]} if slope > 0.01 else NONE


def fit_isotonic(raw: Floats, y: Floats) -> Mapping[str, Any]:
    """A rising curve through the middle of each block of isotonic regression, as knots in log-odds."""
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(raw, kind="stable")
    level = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(raw[order], y[order])
    starts = np.flatnonzero(np.r_[True, np.diff(level) > 0])
    counts = np.diff(np.r_[starts, len(level)])
    middle = np.add.reduceat(raw[order], starts) / counts
    rate = (np.add.reduceat(y[order], starts) + 0.5) / (counts + 1.0)  # never 0 or 1
    knots = _thinned(middle, np.maximum.accumulate(rate))
    if len(knots[0]) < 2:
        return NONE
    return {
        "method": "isotonic",
        "x": [float(f"{value:.10g}") for value in knots[0]],
        "y": [float(f"{value:.10g}") for value in log_odds_of(knots[1])],
    }


def levelled(knots: Mapping[str, Any], raw: Floats, y: Floats) -> Mapping[str, Any]:
    """The knots moved up or down in log-odds until the mean probability of `raw` is the rate of `y`.

    Examples
    --------
    >>> raw, y = np.array([-1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])
    >>> moved = levelled({"method": "sigmoid", "x": [0.0, 1.0], "y": [0.0, 1.0]}, raw, y)
    >>> float(probability(Calibration(moved).log_odds(raw)).mean().round(6))
    0.666667
    """
    if knots["method"] == "none":
        return knots
    from scipy.optimize import brentq

    log_odds, rate = Calibration(knots).log_odds(raw), float(y.mean())
    shift = brentq(lambda move: float(probability(log_odds + move).mean()) - rate, -40.0, 40.0)
    return {**knots, "y": [float(f"{value + shift:.10g}") for value in knots["y"]]}


def choose(raw: Floats, y: Floats, folds: Sequence[tuple[Index, Index]]) -> tuple[Mapping[str, Any], dict[str, float]]:
    """The method that wins on rows it was not fitted on, fitted on all.

    Parameters
    ----------
    raw, y : ndarray, shape (n,)
        Uncalibrated log-odds of rows the model did not see, and their outcomes.
    folds : sequence of (positions to fit on, positions to judge on)

    Returns
    -------
    knots : mapping
        As `scoring.calibration.Calibration` reads it.
    log_loss : dict of str to float
        Of each method tried, on the rows judged.
    """
    rarer = int(min(y.sum(), len(y) - y.sum()))
    methods: dict[str, Callable[[Floats, Floats], Mapping[str, Any]]] = {"none": lambda *_: NONE}
    if rarer >= FEWEST_SIGMOID:
        methods["sigmoid"] = fit_sigmoid
    if rarer >= FEWEST_ISOTONIC:
        methods["isotonic"] = fit_isotonic
    found = {name: across(raw, y, folds, method) for name, method in methods.items()}
    judged = {name: losses(y[known], given[known]) for name, (given, known) in found.items()}
    best = "none"
    for name in list(methods)[1:]:
        gain = judged[best] - judged[name]
        # a curve of many knots must win clearly; a straight line only must win
        margin = gain.std() / np.sqrt(len(gain)) if name == "isotonic" else 0.0
        if gain.mean() > margin:
            best = name
    return methods[best](raw, y), {name: float(loss.mean()) for name, loss in judged.items()}


def across(
    raw: Floats, y: Floats, folds: Sequence[tuple[Index, Index]], fit: Callable[[Floats, Floats], Mapping[str, Any]]
) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Probabilities of the rows judged, each from knots fitted on other rows, and which rows those are."""
    given, known = np.full(len(raw), np.nan), np.zeros(len(raw), dtype=bool)
    for inside, outside in folds:
        if 0 < y[inside].sum() < len(inside):
            given[outside] = probability(Calibration(fit(raw[inside], y[inside])).log_odds(raw[outside]))
            known[outside] = True
    return given, known


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    keep = np.r_[True, (np.diff(x) > 1e-9) & (np.diff(y) > 1e-12)] if len(x) else np.zeros(0, dtype=bool)
    x, y = x[keep], y[keep]
    if len(x) > MOST_KNOTS:
        places = np.unique(np.linspace(0, len(x) - 1, MOST_KNOTS).astype(np.intp))
        x, y = x[places], y[places]
    return x, y
