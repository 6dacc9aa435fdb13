"""The reference distribution of a value, as plain data that holds nobody's row, and how current values fall into it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.model import Floats

ZERO_SHARE = 0.05  # zero gets its own bin from this share on
VALUES = 50  # most categories with a bin of their own
MORE = 950  # most further categories that are known by name
SEEN = 5  # a category seen fewer times is not kept: it may tell who it was


def describe(values: npt.NDArray[Any], dtype: str, *, has_zero_bin: bool = True) -> dict[str, Any]:
    """Profile of one feature or of the score.

    Parameters
    ----------
    values : ndarray
        float64 with NaN for null, or object with str and None.
    dtype : {"float", "category"}
    has_zero_bin : bool
        Whether a frequent zero gets a bin of its own.

    Returns
    -------
    dict
        Plain JSON: ``dtype, count, bins`` (names), ``shares`` (of each bin, adding up to 1), and for numbers
        ``edges`` (inner decile edges of what is neither null nor a frequent zero), ``null_share, zero_share,
        mean, std, min, max, quantiles`` (101, null when nothing is known), for categories ``null_share, values, more,
        expected_unseen`` (share of unseen values that new rows of the same kind should show: what `shares` would find
        if each row were left out in turn).

    Examples
    --------
    >>> describe(np.array([0.0, 0.0, np.nan, 4.0]), "float")["bins"]
    ['null', 'zero', 'all']
    >>> describe(np.array(["a"] * 5 + [None], dtype=object), "category")["values"]
    ['a']
    """
    entry = _category(values) if dtype == "category" else _number(values, has_zero_bin)
    entry["shares"] = [float(share) for share in shares(entry, values)]
    return entry


def shares(entry: Mapping[str, Any], values: npt.NDArray[Any]) -> Floats:
    """Share of `values` in each bin of a profile.

    Parameters
    ----------
    entry : mapping
        As `describe` gives it.
    values : ndarray

    Returns
    -------
    ndarray of float64
        One share per ``entry["bins"]``; zeros when there are no values.

    Examples
    --------
    >>> entry = describe(np.array([0.0, 0.0, np.nan, 4.0]), "float")
    >>> shares(entry, np.array([np.nan, np.nan, 0.0, 1.0])).tolist()
    [0.5, 0.25, 0.25]
    """
    places = _category_places(entry, values) if entry["dtype"] == "category" else _number_places(entry, values)
    counts = np.bincount(places, minlength=len(entry["bins"])).astype(np.float64)
    return counts / max(len(values), 1)


def _number(values: npt.NDArray[Any], has_zero_bin: bool) -> dict[str, Any]:
    known = np.sort(values[np.isfinite(values)].astype(np.float64))
    zero_share = float((known == 0).sum() / max(len(values), 1))
    has_zero_bin = has_zero_bin and zero_share >= ZERO_SHARE
    ranged = known[known != 0] if has_zero_bin else known
    edges = sorted({float(edge) for edge in np.quantile(ranged, np.arange(1, 10) / 10)}) if len(ranged) else []
    if edges and edges[0] <= ranged.min():  # nothing lies below this edge
        edges = edges[1:]
    has_values = len(known) > 0
    return {
        "dtype": "float",
        "count": len(values),
        "null_share": float(1 - len(known) / max(len(values), 1)),
        "zero_share": zero_share,
        "edges": edges,
        "bins": ["null", *(["zero"] if has_zero_bin else []), *_names(edges)],
        "mean": float(known.mean()) if has_values else None,
        "std": float(known.std()) if has_values else None,
        "min": float(known.min()) if has_values else None,
        "max": float(known.max()) if has_values else None,
        "quantiles": [float(item) for item in np.quantile(known, np.arange(101) / 100)] if has_values else None,
    }


def _names(edges: Sequence[float]) -> list[str]:
    if not edges:
        return ["all"]
    inner = [f"{low:.6g} to {high:.6g}" for low, high in itertools.pairwise(edges)]
    return [f"below {edges[0]:.6g}", *inner, f"from {edges[-1]:.6g}"]


def _number_places(entry: Mapping[str, Any], values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    numbers = values.astype(np.float64)
    has_zero_bin = entry["bins"][1] == "zero"
    places = np.searchsorted(np.array(entry["edges"]), numbers, side="right") + (2 if has_zero_bin else 1)
    if has_zero_bin:
        places[numbers == 0] = 1
    places[~np.isfinite(numbers)] = 0
    return places


def _category(values: npt.NDArray[Any]) -> dict[str, Any]:
    counts = Counter(str(value) for value in values if not _is_null(value))
    frequent = sorted((item for item in counts.items() if item[1] >= SEEN), key=lambda item: (-item[1], item[0]))
    kept, rest = frequent[: VALUES + MORE], frequent[VALUES + MORE :]
    known = sum(counts.values())
    barely = max(SEEN, rest[0][1] + 1) if rest else SEEN  # kept, but not with one row fewer
    sure = sum(times for _, times in kept if times > barely)
    return {
        "dtype": "category",
        "count": len(values),
        "null_share": float(1 - known / max(len(values), 1)),
        "values": [value for value, _ in kept[:VALUES]],
        "more": [value for value, _ in kept[VALUES:]],
        "bins": ["null", "unseen", "others", *(value for value, _ in kept[:VALUES])],
        "expected_unseen": float((known - sure) / max(len(values), 1)),
    }


def _category_places(entry: Mapping[str, Any], values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    table = dict.fromkeys(entry["more"], 2) | {value: place for place, value in enumerate(entry["values"], start=3)}
    return np.array([0 if _is_null(value) else table.get(str(value), 1) for value in values], dtype=np.intp)


def _is_null(value: object) -> bool:
    return value is None or value != value
