"""Names for ranges of scores, as the policy states them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scoring.model import Floats


class Bands:
    """Named ranges of scores.

    Parameters
    ----------
    bands : sequence of mapping
        ``{"name", "from"}`` in rising order of ``from``; the first starts at 0.

    Examples
    --------
    >>> bands = Bands([{"name": "low", "from": 0.0}, {"name": "high", "from": 0.5}])
    >>> bands.of(np.array([0.49, 0.5])), bands.names
    (['low', 'high'], ('low', 'high'))
    """

    def __init__(self, bands: Sequence[Mapping[str, Any]]) -> None:
        self.names = tuple(str(item["name"]) for item in bands)
        self._labels = np.array(self.names, dtype=object)
        self.starts = np.array([float(item["from"]) for item in bands])

    def of(self, scores: Floats) -> list[str]:
        """The band of every score: the last whose start it reaches."""
        places = np.searchsorted(self.starts, scores, side="right") - 1
        named: list[str] = self._labels[np.maximum(places, 0)].tolist()
        return named
