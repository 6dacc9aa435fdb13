"""What a grouping is worth: how much of a later outcome's spread it foretells, with means learned before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring import Floats
from scoring.candidate import Metric
from scoring.grouping import Places
from training.intervals import draws, interval
from training.rows import Ids


@dataclass(frozen=True)
class Worth:
    """How well groups foretell an outcome, customer by customer.

    Attributes
    ----------
    merit, plain : ndarray of float64
        Negated squared error of the group's mean, and of everybody's mean, both learned before.
    means : ndarray of float64
        What was learned: the mean of each group.
    """

    merit: Floats
    plain: Floats
    means: Floats

    def explained(self, ids: Ids, *, seed: int) -> Metric:
        """Share of the outcome's spread that the groups foretell, with its interval."""

        def share(weights: Floats) -> Floats:
            result: Floats = 1.0 - (weights @ self.merit) / np.minimum(weights @ self.plain, -1e-300)
            return result

        drawn = np.concatenate([share(weights) for weights in draws(ids, seed=seed, rounds=300)])
        return interval(float(share(np.ones((1, len(self.merit))))[0]), drawn)


def worth(before: Places, learned: Floats, after: Places, outcome: Floats, count: int) -> Worth:
    """Learn each group's mean in one period, and judge it in the next.

    Parameters
    ----------
    before, learned : ndarray, shape (n,)
        Group and outcome of the customers of the first period.
    after, outcome : ndarray, shape (m,)
        The same of the second.
    count : int
        Number of groups; an empty one is given everybody's mean.

    Examples
    --------
    >>> groups, later = np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 5.0, 5.0])
    >>> found = worth(groups, later, groups, later, 2)
    >>> found.means.tolist(), found.explained(np.arange(4), seed=1).value
    ([1.0, 5.0], 1.0)
    """
    everybody = float(learned.mean())
    sizes = np.bincount(before, minlength=count)
    sums = np.bincount(before, weights=learned, minlength=count)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), everybody)
    return Worth(-((outcome - means[after]) ** 2), -((outcome - everybody) ** 2), means)
