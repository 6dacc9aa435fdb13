"""All columns of a watch against a profile, with one stated chance of any false alarm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.columns import Column, count, examine

FALSE_ALARM = 0.05
"""Chance that a watch raises any drift alert although nothing moved, at most."""

ROWS = 50_000  # more say nothing more about changes that matter


def compare(
    entries: Mapping[str, Mapping[str, Any]],
    current: Mapping[str, npt.NDArray[Any]],
    *,
    seed: int,
    false_alarm: float = FALSE_ALARM,
) -> dict[str, Column]:
    """Examine every column of a reference.

    Parameters
    ----------
    entries : mapping of str to mapping
        Profile entries by column.
    current : mapping of str to ndarray
        Current values by column; columns without an entry are not looked at.
    seed : int
        Of the sample taken from more than `ROWS` rows, and of the simulated chance.
    false_alarm : float
        Chance that any alarm is raised although nothing moved. It is shared out evenly over all measures, so it holds
        whatever the columns have to do with each other.

    Returns
    -------
    dict of str to Column
        In the order of `entries`.

    Examples
    --------
    >>> from scoring.profile import describe
    >>> rng = np.random.default_rng(0)
    >>> found = compare({"a:x": describe(rng.random(900), "float")}, {"a:x": rng.random(400)}, seed=1)
    >>> found["a:x"].status
    'stable'
    """
    measures = sum(count(entry) for entry in entries.values())
    chance = false_alarm / max(measures, 1)
    rng = np.random.default_rng(seed)
    rows = max((len(values) for values in current.values()), default=0)
    chosen = np.sort(rng.choice(rows, ROWS, replace=False)) if rows > ROWS else slice(None)
    return {name: examine(entry, current[name][chosen], chance, rng) for name, entry in entries.items()}
