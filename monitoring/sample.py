"""Values for a picture: drawn from a profile, or shortened to what can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

OTHERS, UNSEEN = "(others)", "(unseen)"
READABLE = 20  # categories by name


def drawn(entry: Mapping[str, Any], rows: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    """Values that are distributed like a profile.

    Parameters
    ----------
    entry : mapping
        As `scoring.profile.describe` gives it.
    rows : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (rows,)
        float64 with NaN for null, or object with str and None.

    Examples
    --------
    >>> from scoring.profile import describe
    >>> rng = np.random.default_rng(0)
    >>> drawn(describe(np.array([2.0, 2.0]), "float"), 3, rng).tolist()
    [2.0, 2.0, 2.0]
    """
    if entry["dtype"] == "category":
        names = np.array([None, UNSEEN, OTHERS, *entry["values"]], dtype=object)
        weights = np.array(entry["shares"])
        places = rng.choice(len(names), rows, p=weights / weights.sum()) if weights.sum() else np.zeros(rows, np.intp)
        chosen: npt.NDArray[Any] = names[places]
        return chosen
    if entry["quantiles"] is None:
        return np.full(rows, np.nan)
    quantiles = np.array(entry["quantiles"])
    values: npt.NDArray[np.float64] = np.interp(rng.random(rows), np.arange(101) / 100, quantiles)
    if (quantiles == np.rint(quantiles)).mean() > 0.9:  # whole numbers; some percentiles lie between two
        values = np.rint(values)
    values[rng.random(rows) < entry["null_share"]] = np.nan
    return values


def readable(entry: Mapping[str, Any], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers without infinities; categories beyond the most frequent of the profile under one name.

    Examples
    --------
    >>> entry = {"dtype": "category", "values": ["a"], "more": ["b"]}
    >>> readable(entry, np.array(["a", "b", "c", None], dtype=object)).tolist()
    ['a', '(others)', '(unseen)', None]
    """
    if entry["dtype"] != "category":
        numbers = values.astype(np.float64)
        return np.where(np.isfinite(numbers), numbers, np.nan)
    names: dict[object, str] = dict.fromkeys([*entry["values"], *entry["more"], OTHERS], OTHERS)
    names |= {value: value for value in entry["values"][:READABLE]}
    known = [None if value is None or value != value else names.get(str(value), UNSEEN) for value in values]
    return np.array(known, dtype=object)
