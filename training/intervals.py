"""Figures with intervals: bootstrap by entity, the same draws for every measure and every score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from scoring import Floats, Metric
from training.measures import drawn, every, simulated_ece
from training.rows import Ids

CELLS = 250_000  # weights held at once: what stays near the processor


def figures(y: Floats, score: Floats, ids: Ids, *, seed: int, rounds: int = 300) -> dict[str, Metric]:
    """Every measure of a score with its 95 % interval, and the calibration error beyond chance.

    Parameters
    ----------
    y, score : ndarray of float64, shape (n,)
    ids : ndarray of int64, shape (n,)
        The entity of each row; rows of one entity are drawn together.
    seed : int
    rounds : int
        Bootstrap replicates.

    Returns
    -------
    dict of str to Metric
        ``auc, average_precision, brier, log_loss, lift_10, ece, ece_excess``. ``ece_excess`` is the ECE above
        the one that a perfectly calibrated model would show at this size (simulated).

    Examples
    --------
    >>> y, score = np.array([0.0, 1.0] * 20), np.array([0.2, 0.8] * 20)
    >>> figures(y, score, np.arange(40), seed=1)["auc"].value
    1.0
    """
    return _with_intervals(y, score, drawn(y, score, draws(ids, seed=seed, rounds=rounds)), seed=seed)


def contest(
    y: Floats, first: Floats, second: Floats, ids: Ids, *, seed: int, rounds: int = 300
) -> tuple[dict[str, Metric], dict[str, Metric], Metric]:
    """The figures of two scores, and by how much the AUC of the first exceeds that of the second, paired.

    Both meet the same draws.

    Examples
    --------
    >>> y = np.array([0.0, 1.0] * 20)
    >>> contest(y, y, 1 - y, np.arange(40), seed=1)[2].value
    1.0
    """
    mine, other = (drawn(y, score, draws(ids, seed=seed, rounds=rounds)) for score in (first, second))
    figures_of = _with_intervals(y, first, mine, seed=seed), _with_intervals(y, second, other, seed=seed)
    gain = figures_of[0]["auc"].value - figures_of[1]["auc"].value
    return *figures_of, interval(gain, mine["auc"] - other["auc"])


def _with_intervals(y: Floats, score: Floats, replicates: Mapping[str, Floats], *, seed: int) -> dict[str, Metric]:
    whole = every(y, score, np.ones((1, len(y))))
    found = {name: interval(float(value[0]), replicates.get(name, np.empty(0))) for name, value in whole.items()}
    expected = simulated_ece(score, seed=seed)
    low, middle, high = np.quantile(expected, [0.025, 0.5, 0.975])
    value = found["ece"].value
    return found | {"ece_excess": Metric(value - float(middle), value - float(high), value - float(low))}


def draws(ids: Ids, *, seed: int, rounds: int) -> Iterator[Floats]:
    """Bootstrap weights by entity: blocks of shape (some replicates, rows).

    Examples
    --------
    >>> weights = np.concatenate(list(draws(np.array([5, 5, 9]), seed=1, rounds=4)))
    >>> weights.shape, bool((weights[:, 0] == weights[:, 1]).all())
    ((4, 3), True)
    """
    generator = np.random.default_rng(seed)
    entities, place = np.unique(ids, return_inverse=True)
    at_once = max(1, CELLS // max(len(ids), 1))
    for start in range(0, rounds, at_once):
        count = min(at_once, rounds - start)
        chosen = np.stack(
            [
                np.bincount(generator.integers(0, len(entities), len(entities)), minlength=len(entities))
                for _ in range(count)
            ]
        )
        yield chosen[:, place].astype(np.float64)


def interval(value: float, replicates: Floats) -> Metric:
    """A figure with the middle 95 % of its replicates; replicates without one class do not count."""
    known = replicates[np.isfinite(replicates)]
    if not len(known):
        return Metric(value)
    low, high = np.quantile(known, [0.025, 0.975])
    return Metric(value, float(low), float(high))
