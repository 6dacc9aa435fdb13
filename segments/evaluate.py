"""Evaluating a rule over columns: three-valued, all customers at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segments.errors import SegmentError
from segments.rule import All, AnyOf, Comparison, Not, Rule, Scalar, Subject, comparisons

Bools: TypeAlias = NDArray[np.bool_]
Columns: TypeAlias = Mapping[Subject, NDArray[Any]]  # float64 with NaN, or object str with None

_ORDER = {"at_least": np.greater_equal, "at_most": np.less_equal, "more_than": np.greater, "less_than": np.less}


def members(rule: Rule, columns: Columns) -> Bools:
    """For whom the whole rule is true.

    Parameters
    ----------
    rule : Rule
    columns : mapping of Subject to array
        One array per subject of the rule, all of one length: float64 (NaN is unknown) or object (None is unknown).

    Returns
    -------
    ndarray of bool

    Raises
    ------
    SegmentError
        If a comparison does not fit the column's type.

    Examples
    --------
    >>> spend = Subject("feature", "buying:spend")
    >>> members(Not(Comparison(spend, "at_least", (10.0,))), {spend: np.array([5.0, 20.0, np.nan])}).tolist()
    [True, False, False]
    """
    for test in comparisons(rule):
        _check(test, columns[test.subject])
    return _truth(rule, columns)[0]


def _truth(rule: Rule, columns: Columns) -> tuple[Bools, Bools]:
    """Where the rule is true, and where it is false; elsewhere it is unknown."""
    match rule:
        case Comparison():
            return _test(rule, columns[rule.subject])
        case Not(part):
            true, false = _truth(part, columns)
            return false, true
        case All(parts):
            pairs = [_truth(item, columns) for item in parts]
            return np.logical_and.reduce([true for true, _ in pairs]), np.logical_or.reduce(
                [false for _, false in pairs]
            )
        case AnyOf(parts):
            pairs = [_truth(item, columns) for item in parts]
            return np.logical_or.reduce([true for true, _ in pairs]), np.logical_and.reduce(
                [false for _, false in pairs]
            )


def _test(test: Comparison, column: NDArray[Any]) -> tuple[Bools, Bools]:
    known = ~np.isnan(column) if is_numeric(column) else np.array([item is not None for item in column], dtype=bool)
    if test.op == "known":
        holds = known == bool(test.operands[0])
        return holds, ~holds
    with np.errstate(invalid="ignore"):
        holds = _holds(test, column, known) & known
    return holds, known & ~holds


def _holds(test: Comparison, column: NDArray[Any], known: Bools) -> Bools:
    wanted = [_as_stored(item, column) for item in test.operands]
    if test.op in _ORDER:
        return np.asarray(_ORDER[test.op](column, wanted[0]), dtype=bool)
    if test.op == "between":
        return np.asarray((column >= wanted[0]) & (column <= wanted[1]), dtype=bool)
    if test.op == "top":
        return _highest(column, known, float(test.operands[0]) * int(known.sum()))
    if test.op == "highest":
        return _highest(column, known, float(test.operands[0]))
    equal = np.isin(column, wanted) if is_numeric(column) else np.array([item in wanted for item in column], dtype=bool)
    return ~equal if test.op in ("is_not", "not_in") else equal


def _highest(column: NDArray[Any], known: Bools, room: float) -> Bools:
    """Those whose value is reached by at most `room` of the known values."""
    values = np.sort(column[known])
    reached = len(values) - np.searchsorted(values, column, side="left")
    return np.asarray(reached <= room, dtype=bool)


def is_numeric(column: NDArray[Any]) -> bool:
    """Whether a column holds numbers rather than texts."""
    return bool(column.dtype.kind == "f")


def _as_stored(value: Scalar, column: NDArray[Any]) -> Scalar:
    return float(value) if is_numeric(column) else value


def _check(test: Comparison, column: NDArray[Any]) -> None:
    """Refuse a comparison that could never be true because of its type."""
    if test.op == "known":
        return
    if is_numeric(column):
        wrong = [item for item in test.operands if isinstance(item, str)]
        if wrong:
            raise SegmentError(
                f"the {test.subject} is a number and {test.op} is {wrong[0]!r}; a number is expected; write it without "
                "quotes"
            )
        return
    if test.op in _ORDER or test.op in ("between", "top", "highest"):
        raise SegmentError(
            f"the {test.subject} is a text and cannot be {test.op}; is, in or known is expected; use one of them"
        )
    wrong_kind = [item for item in test.operands if not isinstance(item, str)]
    if wrong_kind:
        raise SegmentError(
            f"the {test.subject} is a text and {test.op} is {wrong_kind[0]!r}; a text is expected; write it in quotes"
        )
