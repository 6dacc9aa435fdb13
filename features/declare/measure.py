"""Measures: what an author writes in a view; sources of rows, their columns, and operations on them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from crm.clock import to_micros
from features.declare.aggregate import Aggregate, Condition, check
from features.declare.log import MONEY_SCALE, Kind, Log, LogColumn, events_log, states_log
from features.entity import Entity
from features.errors import DeclarationError
from features.windows import Window, lifetime, windows_of

Windows = tuple[Window, ...]
DAY_MICROS = 86_400_000_000
ORDERED = ("less", "at_most", "more", "at_least")
EXPECTED: dict[Kind, str] = {
    "text": "a text",
    "flag": "True or False",
    "moment": "a day, or a moment with a zone,",
    "day": "a day, or a moment with a zone,",
}


@dataclass(frozen=True)
class Measure:
    """One operation over one or several windows; a view makes one feature of each window.

    Attributes
    ----------
    aggregates : tuple of Aggregate
    title : str
        What it is called in words; empty derives it from the feature's name.
    """

    aggregates: tuple[Aggregate, ...]
    title: str = ""

    def called(self, title: str) -> Measure:
        """The same, called `title` in reasons and reports."""
        return replace(self, title=title)

    @property
    def only(self) -> Aggregate:
        """The one aggregate of a measure with one window.

        Raises
        ------
        DeclarationError
            If it has several windows.
        """
        if len(self.aggregates) != 1:
            raise DeclarationError(f"{len(self.aggregates)} windows were given; one is expected; write days(30)")
        return self.aggregates[0]


class Source:
    """Rows of one log, perhaps restricted; its columns are attributes.

    Parameters
    ----------
    log : Log
    conditions : tuple of Condition
    """

    def __init__(self, log: Log, conditions: tuple[Condition, ...] = ()) -> None:
        self.log = log
        self.conditions = conditions

    def where(self, *conditions: Condition) -> Source:
        """Only the rows that pass every condition.

        Raises
        ------
        DeclarationError
            If one is no condition, or on a column that the table has not.
        """
        for item in conditions:
            if not isinstance(item, Condition):
                raise DeclarationError(
                    f"the condition {item!r} is none; a test of a column is expected; write "
                    '.where(lines.kind == "sale") with a column and a value of your source'
                )
            self.log.column(item.column)
        return Source(self.log, (*self.conditions, *conditions))

    def __getattr__(self, name: str) -> Column:
        if name.startswith("_"):
            raise AttributeError(name)
        return Column(self, self.log.column(name))

    def column(self, name: str) -> Column:
        """A column by name, where the name is one of a method as well."""
        return Column(self, self.log.column(name))

    def count(self, windows: Windows = lifetime) -> Measure:
        """How many rows; 0 where there are none."""
        return self.measure("count", None, windows)

    def time_since_last(self, windows: Windows = lifetime) -> Measure:
        """Days since the newest row; null where there is none."""
        return self.measure("since_last", None, windows)

    def time_since_first(self, windows: Windows = lifetime) -> Measure:
        """Days since the oldest row; null where there is none."""
        return self.measure("since_first", None, windows)

    def mean_gap(self, windows: Windows = lifetime) -> Measure:
        """Mean days between successive rows; null below two rows."""
        return self.measure("mean_gap", None, windows)

    def measure(self, operation: str, column: str | None, windows: Windows, argument: Any = None) -> Measure:
        """Any operation by name, checked against its column."""
        return Measure(
            tuple(
                check(Aggregate(self.log, operation, column, window, self.conditions, argument))
                for window in windows_of(windows)
            )
        )


class Column:
    """A column of a source: what can be asked of its values, and conditions on them."""

    def __init__(self, source: Source, spec: LogColumn) -> None:
        self.source = source
        self.spec = spec

    def _over(self, operation: str, windows: Windows, argument: Any = None) -> Measure:
        return self.source.measure(operation, self.spec.name, windows, argument)

    def count(self, windows: Windows = lifetime) -> Measure:
        """How many values are not null."""
        return self._over("count", windows)

    def sum(self, windows: Windows = lifetime) -> Measure:
        """Their sum; 0 where there are none."""
        return self._over("sum", windows)

    def mean(self, windows: Windows = lifetime) -> Measure:
        """Their mean; null where there are none."""
        return self._over("mean", windows)

    def min(self, windows: Windows = lifetime) -> Measure:
        """The smallest; null where there are none."""
        return self._over("min", windows)

    def max(self, windows: Windows = lifetime) -> Measure:
        """The greatest; null where there are none."""
        return self._over("max", windows)

    def std(self, windows: Windows = lifetime) -> Measure:
        """Their sample standard deviation; null below two values."""
        return self._over("std", windows)

    def nunique(self, windows: Windows = lifetime) -> Measure:
        """How many different values."""
        return self._over("nunique", windows)

    def mode(self, windows: Windows = lifetime) -> Measure:
        """The most frequent value, of equals the one seen last; null where there are none."""
        return self._over("mode", windows)

    def first(self, windows: Windows = lifetime) -> Measure:
        """The oldest value that is not null."""
        return self._over("first", windows)

    def last(self, windows: Windows = lifetime) -> Measure:
        """The newest value that is not null; a window is its time to live."""
        return self._over("lag", windows, 0)

    def lag(self, k: int, windows: Windows = lifetime) -> Measure:
        """The k-th newest value that is not null; 0 is the last."""
        if isinstance(k, bool) or not isinstance(k, int) or k < 0:
            raise DeclarationError(f"a lag of {k!r} steps is none; a whole number from 0 on is expected; write lag(1)")
        return self._over("lag", windows, k)

    def latest(self, windows: Windows = lifetime) -> Measure:
        """The value in force: the newest row's, null when that one is cleared; a window is its time to live."""
        return self._over("latest", windows)

    def age(self, windows: Windows = lifetime) -> Measure:
        """Days since the moment or day that is in force."""
        return self._over("age", windows)

    def slope(self, windows: Windows = lifetime) -> Measure:
        """Least-squares change per day; null below two distinct times."""
        return self._over("slope", windows)

    def share(self, value: Any, windows: Windows = lifetime) -> Measure:
        """Share of `value` among the values that are not null."""
        return self._over("share", windows, stored(self.spec, value))

    def _test(self, operation: str, *values: Any) -> Condition:
        if operation in ORDERED and self.spec.kind == "text":
            raise DeclarationError(
                f"{self.spec.name} is a text, which is neither less nor more than {values[0]!r}; a test of equality "
                "is expected; write == or is_in([…])"
            )
        return Condition(self.spec.name, operation, tuple(stored(self.spec, value) for value in values))

    def is_in(self, values: Iterable[Any]) -> Condition:
        """One of several values.

        Raises
        ------
        DeclarationError
            If they are none, or a bare text, whose letters would be meant.
        """
        given = list(values) if isinstance(values, Iterable) and not isinstance(values, str) else []
        if not given:
            raise DeclarationError(
                f"{self.spec.name} cannot be one of {values!r}; a list of one value or more is expected; write "
                f"is_in([{repr(values) if isinstance(values, str) else '…'}])"
            )
        return self._test("in", *given)

    def is_null(self) -> Condition:
        """No value."""
        return self._test("is_null")

    def not_null(self) -> Condition:
        """Any value."""
        return self._test("not_null")

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]  # a comparison here makes a condition
        return self._test("in", value)

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]  # a comparison here makes a condition
        return self._test("not_in", value)

    def __lt__(self, value: Any) -> Condition:
        return self._test("less", value)

    def __le__(self, value: Any) -> Condition:
        return self._test("at_most", value)

    def __gt__(self, value: Any) -> Condition:
        return self._test("more", value)

    def __ge__(self, value: Any) -> Condition:
        return self._test("at_least", value)

    __hash__ = object.__hash__


def events(mapped: Any, *, entity: Entity, at: str | None = None, where: Condition | None = None) -> Source:
    """Things that happened to an entity, one row each.

    Parameters
    ----------
    mapped : mapped class of `crm.schema`
    entity : Entity
    at : str, optional
        For a state table: the moment column at which a row happens (``opened_at``).
    where : Condition, optional

    Raises
    ------
    DeclarationError
        If the table does not name the entity, or a state table comes without `at`.
    """
    source = Source(events_log(mapped, entity, at))
    return source if where is None else source.where(where)


def states(mapped: Any, *, entity: Entity) -> Source:
    """What something was, version by version: one fact per effective time.

    Raises
    ------
    DeclarationError
        If the table has no versions or does not name the entity.
    """
    return Source(states_log(mapped, entity))


def stored(spec: LogColumn, value: Any) -> Any:
    """A value as its column stores it: money in ten-thousandths, moments and days in microseconds.

    Raises
    ------
    DeclarationError
        If it is of another kind than the column, which no row could equal.
    """
    match value, spec.kind:
        case str(), "text":
            return value
        case bool(), "flag":
            return int(value)
        case bool(), _:
            pass
        case datetime(), "moment" | "day" if value.tzinfo is not None:
            return to_micros(value)
        case datetime(), _:
            pass
        case date(), "moment" | "day":
            return (value - date(1970, 1, 1)).days * DAY_MICROS
        case int() | float(), "money" if math.isfinite(value):
            return round(value * MONEY_SCALE)
        case int() | float(), "float":
            return float(value)
        case int(), "whole" | "id" | "flag" | "moment" | "day":
            return value
    raise DeclarationError(
        f"{value!r} cannot be compared with {spec.name}, a {spec.kind}; {EXPECTED.get(spec.kind, 'a number')} is "
        "expected; correct it"
    )
