"""Spines: the ``(entity, as_of)`` rows to be filled, in whatever form and unit they come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crm.clock import from_micros
from features.entity import Entity
from features.errors import SpineError
from features.history.keyed import Keyed
from features.kernel.program import Ints
from features.offline import Moments

LIMIT = 2**62
SCALES = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1_000}


def as_frame(spine: Any) -> pd.DataFrame:
    """A spine as a DataFrame: one already, or anything Arrow.

    Raises
    ------
    SpineError
        If it is no table, or has two columns of one name.
    """
    try:
        frame = pd.DataFrame(spine.to_pandas() if hasattr(spine, "to_pandas") else spine)
    except (TypeError, ValueError) as error:
        raise SpineError(
            f"the spine is {spine!r:.100} ({error}); a DataFrame or an Arrow table with an id and as_of in each row is "
            "expected; hand one over"
        ) from error
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise SpineError(f"the spine has two columns {twice!r}; a name of its own for each is expected; drop one")
    return frame


def moments_of(frame: pd.DataFrame, entity: Entity, known_before: int | None, keys: Keyed) -> Moments:
    """The words of a spine.

    Parameters
    ----------
    frame : pandas.DataFrame
        With the entity's id columns (int64), ``as_of`` (aware moments of any unit, or whole microseconds) and
        perhaps ``known_before`` (the same).
    entity : Entity
    known_before : int or None
        One knowledge cutoff for all rows; default is the row's ``as_of``.
    keys : Keyed
        Knows the codes of composite keys.

    Raises
    ------
    SpineError
        If a column is missing, null, of the wrong type, naive, or out of range.
    """
    for name in (*entity.keys, "as_of"):
        if name not in frame.columns:
            raise SpineError(
                f"the spine has no column {name!r}; it has {', '.join(map(str, frame.columns)) or 'none'}; "
                f"{', '.join(entity.keys)} and as_of are expected; add it"
            )
    moments = micros(frame["as_of"], "as_of")
    if known_before is not None:
        knowns = np.full(len(frame), known_before, np.int64)
    else:
        knowns = micros(frame["known_before"], "known_before") if "known_before" in frame.columns else moments
    return Moments(keys.find(entity, [_ids(frame[key]) for key in entity.keys]), moments, knowns)


def _ids(column: pd.Series[Any]) -> Ints:
    if column.isna().any():
        raise SpineError(
            f"the spine's {column.name} is null in {int(column.isna().sum())} rows; an id in every row is expected; "
            "drop or mend them"
        )
    if len(column) and not pd.api.types.is_integer_dtype(column.dtype):
        raise SpineError(
            f"the spine's {column.name} holds {column.dtype}; whole record ids (int64) are expected; look them up by "
            "number with store.ids(…)"
        )
    return np.ascontiguousarray(column.to_numpy(dtype=np.int64))


def micros(column: pd.Series[Any], name: str) -> Ints:
    """Moments as whole microseconds since 1970; raises like `moments_of`."""
    if column.isna().any():
        nulls = int(column.isna().sum())
        raise SpineError(f"the spine's {name} is null in {nulls} rows; a moment is expected; mend them")
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _scaled(column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), name)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        raise _naive(name, column.iloc[0] if len(column) else "")
    if pd.api.types.is_integer_dtype(column.dtype) or not len(column):
        values = np.ascontiguousarray(column.to_numpy(dtype=np.int64))
        if len(values) and int(np.abs(values).max()) >= LIMIT:
            raise SpineError(
                f"the spine's {name} holds {int(values[np.abs(values).argmax()])}; microseconds since 1970 are "
                "expected; divide nanoseconds by 1000"
            )
        return values
    return _objects(column, name)


def _objects(column: pd.Series[Any], name: str) -> Ints:
    for value in column:
        if getattr(value, "tzinfo", None) is None:
            raise _naive(name, value)
    converted = pd.to_datetime(column, utc=True)
    return _scaled(converted.dt.tz_localize(None).to_numpy(), name)


def _scaled(values: np.ndarray, name: str) -> Ints:
    unit = np.datetime_data(values.dtype)[0]
    words = values.astype(np.int64)
    if unit == "ns":
        if (words % 1_000).any():
            raise SpineError(
                f"the spine's {name} has fractions of a microsecond; whole microseconds are expected; round them"
            )
        return np.ascontiguousarray(words // 1_000)
    return np.ascontiguousarray(words * SCALES[unit])


def _naive(name: str, value: object) -> SpineError:
    return SpineError(
        f"the spine's {name} is {value!r}, which has no zone; aware moments or whole microseconds are expected; "
        f"convert it, for example with .dt.tz_localize('UTC') (1970-01-01 is {from_micros(0).isoformat()})"
    )
