"""Inputs: the numbers that features ask for with the question, from a spine's columns or from a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.errors import InputError
from features.kernel.program import Floats


def columns_of(frame: pd.DataFrame, names: Iterable[str]) -> dict[str, Floats]:
    """The inputs of every row of a spine.

    Raises
    ------
    InputError
        If a column is missing or holds anything but numbers and nulls.

    Examples
    --------
    >>> columns_of(pd.DataFrame({"basket_value": [3, None]}), ["basket_value"])
    {'basket_value': array([ 3., nan])}
    """
    found = {}
    for name in names:
        if name not in frame.columns:
            raise InputError(
                f"the spine has no column {name!r}, which comes with the question; a number in every row is expected; "
                "add it"
            )
        found[name] = _floats(name, frame[name].to_numpy())
    return found


def given(names: Iterable[str], inputs: Mapping[str, Any] | None, rows: int) -> dict[str, Floats]:
    """The inputs of a question about several entities.

    Parameters
    ----------
    names : iterable of str
        Those that the features ask for.
    inputs : mapping of str to number or to sequence of numbers
        One number for all entities, or one for each.
    rows : int
        How many entities there are.

    Raises
    ------
    InputError
        If one is missing, unknown, no number, or there are more or fewer than entities.

    Examples
    --------
    >>> given(["basket_value"], {"basket_value": 12.5}, 2)
    {'basket_value': array([12.5, 12.5])}
    """
    wanted, told = list(names), dict(inputs or {})
    for name in wanted:
        if name not in told:
            raise InputError(
                f"the input {name!r} is missing; the features asked for take {', '.join(wanted)}; give a number for "
                "all entities, or one for each"
            )
    for name in told:
        if name not in wanted:
            raise InputError(
                f"the input {str(name)[:100]!r} is unknown; the features asked for take {', '.join(wanted) or 'none'}; "
                "correct or drop it"
            )
    return {name: _spread(name, told[name], rows) for name in wanted}


def _spread(name: str, value: Any, rows: int) -> Floats:
    is_many = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)
    column = _floats(name, value if is_many else [value])
    if is_many and len(column) != rows:
        raise InputError(
            f"the input {name!r} has {len(column)} numbers for {rows} entities; one for all, or one for each, is "
            "expected; send as many as there are entities"
        )
    return column if is_many else np.full(rows, column[0])


def _floats(name: str, values: Any) -> Floats:
    """Numbers as float64, null as NaN."""
    column = np.asarray(values)
    if column.dtype.kind not in "fiu":
        column = np.array([_number(name, item) for item in column.tolist()], np.float64)
    floats: Floats = np.array(column, np.float64)
    if np.isinf(floats).any():
        raise InputError(f"the input {name!r} is infinite; a finite number or null is expected; correct it")
    floats[np.isnan(floats)] = np.nan  # one NaN for every null, whatever its bits were
    return floats


def _number(name: str, item: Any) -> float:
    if item is None or item is pd.NA or item is pd.NaT:
        return np.nan
    if isinstance(item, bool) or not isinstance(item, int | float):
        raise InputError(
            f"the input {name!r} is {item!r:.100}, a {type(item).__name__}; a number or null is expected; correct it"
        )
    return float(item)
