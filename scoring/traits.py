"""What is known of each item beside who bought it: how it sells lately and again, its price and category."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from scoring.artefact import Artefact
from scoring.errors import ArtefactError
from scoring.items import parquet, table
from scoring.model import Floats

NUMBERS = ("week", "fortnight", "month", "quarter", "buyers", "first_days", "last_days", "price")


@dataclass(frozen=True)
class Traits:
    """Columns of items, in the order of their codes, as of one moment.

    Attributes
    ----------
    week, fortnight, month, quarter : ndarray of float64, shape (n,)
        Purchases in the last 7, 14, 30 and 90 days.
    buyers : ndarray of float64
        Different customers in all the history.
    first_days, last_days : ndarray of float64
        Days since the first and the last purchase.
    price : ndarray of float64
        Mean price of a piece; NaN where none is known.
    category : ndarray of int64
        Number of the category that it was last sold in; -1 where none is known.
    """

    week: Floats
    fortnight: Floats
    month: Floats
    quarter: Floats
    buyers: Floats
    first_days: Floats
    last_days: Floats
    price: Floats
    category: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.week)

    @cached_property
    def log_price(self) -> Floats:
        """Price on a scale on which twice as dear is one step everywhere."""
        return np.log1p(self.price)

    @cached_property
    def kind(self) -> npt.NDArray[np.int64]:
        """Category with a number of its own, above all others, where none is known."""
        return np.where(self.category < 0, self.category.max(initial=-1) + 1, self.category)

    def to_parquet(self) -> bytes:
        """The columns as the bytes of a Parquet file, one row for each item."""
        return parquet({item.name: getattr(self, item.name) for item in fields(self)})

    @classmethod
    def read(cls, artefact: Artefact, name: str, count: int) -> Self:
        """Read back what `to_parquet` gave for `count` items.

        Raises
        ------
        ArtefactError
            If the file is missing, lacks a column, or has other than `count` rows.
        """
        held = table(artefact, name)
        lacking = [item.name for item in fields(cls) if item.name not in held.column_names]
        if lacking or len(held) != count:
            what = (
                f"it lacks {', '.join(lacking)}" if lacking else f"it has {len(held)} rows, with {count} items listed"
            )
            raise ArtefactError.unreadable(artefact.path / name, what)
        numbers = {item: np.array(held[item], dtype=np.float64) for item in NUMBERS}
        return cls(**numbers, category=np.array(held["category"], dtype=np.int64))
