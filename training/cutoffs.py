"""Past moments at which a model is taught and judged: each part's outcomes are known before the next part begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.clock import DAY
from training.rows import Ids, Index

WIDEST = 30 * DAY
NARROWEST = 7 * DAY


@dataclass(frozen=True)
class Pace:
    """How densely moments are laid.

    Attributes
    ----------
    most : int
        Training cutoffs at most.
    widest : int
        Widest spacing (µs).
    judged : int
        Cutoffs of the calibration and of the test part, where the history has room.
    """

    most: int = 8
    widest: int = WIDEST
    judged: int = 1


@dataclass(frozen=True)
class Cutoffs:
    """Moments (µs, UTC) of the three parts, each in rising order.

    Attributes
    ----------
    train, calibrate : tuple of int
        Empty when the history is too short for a split in time.
    test : tuple of int
        The last moments whose outcomes are known.
    """

    train: tuple[int, ...]
    calibrate: tuple[int, ...]
    test: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """Every moment in order."""
        return (*self.train, *self.calibrate, *self.test)

    @property
    def is_split(self) -> bool:
        """Whether there are three parts in time."""
        return bool(self.train and self.calibrate)


def plan(first: int, as_of: int, horizon: int, pace: Pace | None = None) -> Cutoffs:
    """Cutoffs for a history: the test as late as outcomes allow, the others before it by whole horizons.

    Number and spacing follow the history: training cutoffs are 7 days or more apart, none lies before a third
    of the horizon (at most 30 days) of history has passed. With more than five horizons of history there
    are two calibration cutoffs at least.

    Parameters
    ----------
    first : int
        Earliest moment of the history (µs).
    as_of : int
        Moment up to which outcomes are known.
    horizon : int
        Length of the label window (µs).
    pace : Pace, optional

    Examples
    --------
    >>> cutoffs = plan(0, 400 * DAY, 90 * DAY)
    >>> [moment // DAY for moment in cutoffs.all]
    [30, 55, 80, 105, 130, 220, 310]
    >>> plan(0, 120 * DAY, 90 * DAY).is_split
    False
    """
    pace = pace or Pace()
    earliest = first + min(horizon // 3, WIDEST)
    is_long = as_of - first > 5 * horizon
    judged = pace.judged if is_long else 1
    apart = min(horizon // 3, pace.widest)
    test = tuple(as_of - horizon - place * apart for place in reversed(range(judged)))
    calibrate = tuple(test[0] - horizon - place * apart for place in reversed(range(max(judged, 1 + is_long))))
    last = calibrate[0] - horizon
    if last < earliest:
        return Cutoffs((), (), test[-1:])
    step = int(np.clip((last - earliest) // 4, NARROWEST, pace.widest))
    train = [last - place * step for place in range(pace.most) if last - place * step >= earliest]
    return Cutoffs(tuple(reversed(train)), calibrate, test)


def parts_of(cutoffs: Cutoffs, as_of: Ids) -> tuple[Index, Index, Index]:
    """Positions of the rows of each part.

    Examples
    --------
    >>> [part.tolist() for part in parts_of(Cutoffs((1,), (2,), (3,)), np.array([3, 1, 2, 1]))]
    [[1, 3], [2], [0]]
    """
    train, calibrate, test = (
        np.flatnonzero(np.isin(as_of, part))
        for part in (
            cutoffs.train,
            cutoffs.calibrate,
            cutoffs.test,
        )
    )
    return train, calibrate, test
