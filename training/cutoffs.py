"""Past moments at which a model is taught and judged: each part's outcomes are known before the next part begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.clock import DAY
from training.rows import Ids

MOST = 12  # training cutoffs
WIDEST = 30 * DAY
NARROWEST = 7 * DAY


@dataclass(frozen=True)
class Cutoffs:
    """Moments (µs, UTC) of the three parts, each in rising order.

    Attributes
    ----------
    train, calibrate : tuple of int
        Empty when the history is too short for a split in time.
    test : int
        The last moment whose outcome is known.
    """

    train: tuple[int, ...]
    calibrate: tuple[int, ...]
    test: int

    @property
    def all(self) -> tuple[int, ...]:
        """Every moment in order."""
        return (*self.train, *self.calibrate, self.test)

    @property
    def is_split(self) -> bool:
        """Whether there are three parts in time."""
        return bool(self.train and self.calibrate)


def plan(first: int, as_of: int, horizon: int) -> Cutoffs:
    """Cutoffs for a history: the test as late as outcomes allow, the others before it by whole horizons.

    Number and spacing follow the history: at most 12 training cutoffs, 7 to 30 days apart, none before
    a third of the horizon (at most 30 days) of history has passed. With more than five horizons of
    history a second calibration cutoff is used.

    Parameters
    ----------
    first : int
        Earliest moment of the history (µs).
    as_of : int
        Moment up to which outcomes are known.
    horizon : int
        Length of the label window (µs).

    Examples
    --------
    >>> cutoffs = plan(0, 400 * DAY, 90 * DAY)
    >>> [moment // DAY for moment in cutoffs.all]
    [30, 55, 80, 105, 130, 220, 310]
    >>> plan(0, 120 * DAY, 90 * DAY).is_split
    False
    """
    test = as_of - horizon
    earliest = first + min(horizon // 3, WIDEST)
    calibrate = [test - horizon]
    if as_of - first > 5 * horizon:
        calibrate.insert(0, test - horizon - min(horizon // 3, WIDEST))
    last = calibrate[0] - horizon
    if last < earliest:
        return Cutoffs((), (), test)
    step = int(np.clip((last - earliest) // 4, NARROWEST, WIDEST))
    train = [last - place * step for place in range(MOST) if last - place * step >= earliest]
    return Cutoffs(tuple(reversed(train)), tuple(calibrate), test)


def parts_of(cutoffs: Cutoffs, as_of: Ids) -> tuple[Ids, Ids, Ids]:
    """Positions of the rows of each part.

    Examples
    --------
    >>> [part.tolist() for part in parts_of(Cutoffs((1,), (2,), 3), np.array([3, 1, 2, 1]))]
    [[1, 3], [2], [0]]
    """
    return (
        np.flatnonzero(np.isin(as_of, cutoffs.train)),
        np.flatnonzero(np.isin(as_of, cutoffs.calibrate)),
        np.flatnonzero(as_of == cutoffs.test),
    )
