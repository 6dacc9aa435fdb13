"""Labelled rows: who, as of when, the outcome, and every feature's value at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from features import TrainingSet
from features.content import columns_sha256
from scoring import Floats, Frame

Index = npt.NDArray[np.intp]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Labelled rows in one order.

    Attributes
    ----------
    ids, as_of : ndarray of int64, shape (n,)
        Record id of the entity, and the moment (µs) at which it is looked at.
    y : ndarray of float64, shape (n,)
        1 when the outcome happened, else 0.
    frame : mapping of str to ndarray
        Feature values by reference.
    training_set : TrainingSet or None
        What all of them were read as; None of a part, or of rows made otherwise.

    Examples
    --------
    >>> rows = Rows(np.array([7, 8]), np.array([0, 0]), np.array([0.0, 1.0]), {"a:x": np.array([1.0, 2.0])})
    >>> len(rows), rows.base_rate, rows.take(np.array([1])).ids.tolist()
    (2, 0.5, [8])
    """

    ids: Ids
    as_of: Ids
    y: Floats
    frame: Frame
    training_set: TrainingSet | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def base_rate(self) -> float:
        """Share of rows in which the outcome happened."""
        return float(self.y.mean()) if len(self) else 0.0

    @property
    def rarer(self) -> int:
        """Rows of the rarer outcome."""
        positive = int(self.y.sum())
        return min(positive, len(self) - positive)

    def take(self, index: npt.NDArray[Any]) -> Self:
        """The rows at `index` (positions or a mask)."""
        frame = {ref: values[index] for ref, values in self.frame.items()}
        return type(self)(self.ids[index], self.as_of[index], self.y[index], frame)

    def only(self, refs: Sequence[str]) -> Self:
        """The same rows with only these features."""
        return type(self)(self.ids, self.as_of, self.y, {ref: self.frame[ref] for ref in refs})

    def spine_sha256(self) -> str:
        """Hash of who is looked at when."""
        return columns_sha256({"ids": self.ids, "as_of": self.as_of})

    def data_sha256(self) -> str:
        """Hash of outcomes and every value."""
        return columns_sha256({"y": self.y} | dict(self.frame))
