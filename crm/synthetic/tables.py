"""Columns of the export as Arrow arrays: keys, moments, amounts and flags in the form in which a CRM writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).max  # a moment that did not come


def keys(prefix: str, numbers: Any, width: int = 6) -> Any:
    """Keys such as ``O000012``; a null number gives a null key.

    Examples
    --------
    >>> keys("O", np.array([12])).to_pylist()
    ['O000012']
    """
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, "")


def moments(seconds: NDArray[np.int64]) -> Any:
    """ISO 8601 texts in UTC of seconds since 1970; `NEVER` gives null.

    Examples
    --------
    >>> moments(np.array([0, NEVER])).to_pylist()
    ['1970-01-01 00:00:00Z', None]
    """
    seconds = np.asarray(seconds, dtype=np.int64)
    whole = pa.array(seconds, mask=seconds == NEVER).cast(pa.timestamp("s"))
    return pc.binary_join_element_wise(pc.cast(whole, pa.string()), pa.scalar("Z"), "")


def dates(seconds: NDArray[np.int64]) -> Any:
    """Calendar dates in UTC of seconds since 1970; `NEVER` gives null.

    Examples
    --------
    >>> dates(np.array([86_400])).to_pylist()
    ['1970-01-02']
    """
    seconds = np.asarray(seconds, dtype=np.int64)
    missing = seconds == NEVER
    days = np.where(missing, 0, seconds).astype("datetime64[s]").astype("datetime64[D]")
    return pa.array(days.astype(str), mask=missing)


def amounts(cents: NDArray[np.int64]) -> Any:
    """Exact decimals of whole cents.

    Examples
    --------
    >>> [str(item) for item in amounts(np.array([1999, -5])).to_pylist()]
    ['19.99', '-0.05']
    """
    cents = np.asarray(cents, dtype=np.int64)
    halves = np.empty((len(cents), 2), dtype="<i8")
    halves[:, 0] = cents
    halves[:, 1] = -(cents < 0).astype(np.int64)
    return pa.Array.from_buffers(pa.decimal128(14, 2), len(cents), [None, pa.py_buffer(halves.tobytes())])


def chosen(values: tuple[str, ...], codes: NDArray[np.int64]) -> Any:
    """The texts that the codes stand for; a negative code gives null.

    Examples
    --------
    >>> chosen(("a", "b"), np.array([1, -1])).to_pylist()
    ['b', None]
    """
    codes = np.asarray(codes, dtype=np.int64)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(values)).cast(pa.string())


def table(columns: Mapping[str, Any], order: NDArray[np.int64] | None = None) -> Any:
    """An Arrow table, its rows sorted (stably) by `order` where given.

    Examples
    --------
    >>> table({"a": [1, 2]}, order=np.array([5, 3]))["a"].to_pylist()
    [2, 1]
    """
    built = pa.table(dict(columns))
    return built if order is None else built.take(pa.array(np.argsort(order, kind="stable")))


def places(mask: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the true places of a two-dimensional mask, row by row.

    Examples
    --------
    >>> [item.tolist() for item in places(np.array([[True, False], [True, True]]))]
    [[0, 1, 1], [0, 0, 1]]
    """
    rows, columns = np.nonzero(mask)
    return rows, columns
