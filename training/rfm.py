"""The RFM rule: quintiles of recency, frequency and money."""

from __future__ import annotations

import numpy as np

from scoring import Floats, Frame
from scoring.grouping import RfmRule

FIFTHS = (0.2, 0.4, 0.6, 0.8)


def rule(frame: Frame, recency: str, frequency: str, money: str) -> RfmRule:
    """Learn the quintiles of a frame's rows.

    Examples
    --------
    >>> frame = {"a:r": np.arange(10.0), "a:f": np.arange(10.0), "a:m": np.arange(10.0)}
    >>> rule(frame, "a:r", "a:f", "a:m").edges["recency"]
    [1.8, 3.6, 5.4, 7.2]
    """
    values = {"recency": frame[recency], "frequency": frame[frequency], "money": frame[money]}
    return RfmRule(recency, frequency, money, {name: _edges(column) for name, column in values.items()})


def _edges(values: Floats) -> list[float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return [0.0] * len(FIFTHS)
    return [round(float(edge), 9) for edge in np.quantile(known, FIFTHS)]
