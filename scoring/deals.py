"""What the deal of an entity is expected to bring, and in how many days it closes, from deals that were won before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scoring.model import Floats, Frame
from scoring.waiting import Waits


class Deals:
    """Expectations from earlier deals.

    Parameters
    ----------
    policy : mapping
        ``{"value": mean value of one outcome or null, "currency", "days": rising days from the beginning to the
        close of won deals, "age": reference of the feature that tells how old an entity is, "words"}``. Where the
        records carry no deals, ``value`` is null, ``days`` is empty, and ``words`` says why.

    Examples
    --------
    >>> deals = Deals({"value": 200.0, "currency": "EUR", "days": [*range(10), *range(40, 60)], "age": "lead:age",
    ...     "words": ""})
    >>> deals.values(np.array([0.25])).tolist(), deals.days({"lead:age": np.array([39.5, 50.0])}).tolist()
    ([50.0], [10.0, nan])
    """

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self.value = None if policy["value"] is None else float(policy["value"])
        self.currency: str | None = policy["currency"]
        self.words = str(policy["words"])
        self.age = str(policy["age"])
        self._waits = Waits(policy["days"])

    def values(self, scores: Floats) -> Floats:
        """Expected value of each row: its probability times the mean value of an outcome; NaN where none is known."""
        return np.full(len(scores), np.nan) if self.value is None else scores * self.value

    def days(self, frame: Frame) -> Floats:
        """Expected days from now to the close, should it be won: the mean rest of the won deals that took longer.

        NaN where the age is not known, or too few won deals took so long.
        """
        return self._waits.rest(np.asarray(frame[self.age], dtype=np.float64))

    def expected(self, scores: Floats, frame: Frame) -> dict[str, Floats]:
        """Value and days of each row, by the names that answers have for them."""
        return {"expected_value": self.values(scores), "expected_days": self.days(frame)}
