"""The frame of the made-up company: how big, from when to when, and where its randomness comes from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from configs.errors import RapportError
from crm.synthetic.signals import DRIFT_DAYS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
States = NDArray[np.int8]

DAY = 86_400
WEEK = 7 * DAY


class SyntheticError(RapportError):
    """The synthetic company cannot be made as asked."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Size, span and seed. Times inside the generator are whole seconds since 1970, UTC.

    Parameters
    ----------
    customers : int
        At least 50.
    seed : int
        Not negative.
    drift : bool
        Whether prices and channels shift at `drift_from`.
    end : datetime.date
        The export was made at midnight UTC of this day; it holds nothing that was known later.
    weeks : int
        Length of the history, at least 60.

    Raises
    ------
    SyntheticError
        If a number is out of its range.

    Examples
    --------
    >>> world = World(customers=100, seed=1)
    >>> str(np.datetime64(world.start, "s")), str(np.datetime64(world.stop, "s"))
    ('2024-07-02T00:00:00', '2026-06-30T00:00:00')
    """

    customers: int = 10_000
    seed: int = 7
    drift: bool = False
    end: date = field(default=date(2026, 6, 30))
    weeks: int = 104

    def __post_init__(self) -> None:
        if self.customers < 50:
            raise SyntheticError(
                f"a company of {self.customers} customers is too small; at least 50 are expected; ask for more"
            )
        if self.seed < 0:
            raise SyntheticError(f"the seed is {self.seed}; a number from 0 on is expected; give another")
        if self.weeks < 60:
            raise SyntheticError(
                f"a history of {self.weeks} weeks is too short; at least 60 are expected; ask for more"
            )

    @property
    def stop(self) -> int:
        """Second at which the export ends; everything in it is earlier."""
        return int(np.datetime64(self.end, "s").astype(np.int64))

    @property
    def start(self) -> int:
        """Second at which the history begins."""
        return self.stop - self.weeks * WEEK

    @property
    def drift_from(self) -> int | None:
        """Second from which prices and channels are shifted, if they are."""
        return self.stop - DRIFT_DAYS * DAY if self.drift else None

    def random(self, part: str) -> np.random.Generator:
        """A stream of its own for each part, so that a change in one leaves the others as they were.

        Examples
        --------
        >>> World(seed=1).random("orders").integers(100) == World(seed=1).random("orders").integers(100)
        np.True_
        """
        return np.random.default_rng([self.seed, zlib.crc32(part.encode())])

    def weeks_as_dates(self) -> list[date]:
        """The first day of each week, as calendar dates.

        Examples
        --------
        >>> World().weeks_as_dates()[0]
        datetime.date(2024, 7, 2)
        """
        seconds = self.start + WEEK * np.arange(self.weeks)
        days: list[datetime] = seconds.astype("datetime64[s]").tolist()
        return [item.date() for item in days]

    def within_week(self, week: Ints, random: np.random.Generator) -> Ints:
        """Seconds within the given weeks, at the hours at which people are awake.

        Examples
        --------
        >>> world = World(seed=1)
        >>> int((world.within_week(np.array([0, 1]), world.random("x"))[1] - world.start) // WEEK)
        1
        """
        hours = np.clip(random.normal(14.5, 3.5, len(week)), 0.0, 23.99)
        day = random.integers(0, 7, len(week))
        return self.start + week * WEEK + day * DAY + (hours * 3600).astype(np.int64)
