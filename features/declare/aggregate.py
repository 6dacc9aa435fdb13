"""Aggregates: one operation on the rows of a log, restricted by conditions and a window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from features.declare.log import Log, LogColumn
from features.errors import DeclarationError
from features.windows import FOREVER, Window

ROWS = {"count", "since_last", "since_first", "mean_gap"}  # operations that need no column
EMPTY_IS_ZERO = {"count", "sum", "nunique"}
NUMBERS = {"sum", "mean", "min", "max", "std", "slope"}
NUMERIC_KINDS = {"whole", "float", "money", "flag"}


@dataclass(frozen=True)
class Condition:
    """A test on one column of a row; a null passes none but `is_null`."""

    column: str
    operation: str
    values: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"a condition on {self.column!r} was used as yes or no; conditions side by side are expected; "
            "write .where(first, second) instead of 'and'"
        )


@dataclass(frozen=True)
class Aggregate:
    """One number or text about an entity as of a moment.

    Attributes
    ----------
    log : Log
    operation : str
        ``count``, ``sum``, ``mean``, ``min``, ``max``, ``std``, ``nunique``, ``mode``, ``first``, ``lag``, ``latest``,
        ``age``, ``since_last``, ``since_first``, ``mean_gap``, ``slope``, ``share``.
    column : str or None
    window : Window
    conditions : tuple of Condition
    argument : object
        The k of a lag, the value of a share.
    """

    log: Log
    operation: str
    column: str | None
    window: Window
    conditions: tuple[Condition, ...] = ()
    argument: Any = None

    @property
    def value(self) -> LogColumn | None:
        """The column that is aggregated."""
        return None if self.column is None else self.log.column(self.column)

    @property
    def is_category(self) -> bool:
        """Whether the answer is a text rather than a number."""
        kind = None if self.value is None else self.value.kind
        return kind in ("text", "id") and self.operation in ("mode", "first", "lag", "latest")

    @property
    def grows(self) -> bool:
        """Whether the answer rises as time passes for an entity that stays, whatever becomes of it."""
        if self.operation in ("since_first", "age"):
            return True
        return self.operation in ("count", "nunique") and self.window.width == FOREVER

    @property
    def unit(self) -> str:
        """The unit of the answer; ``money`` stands for the currency of the rows."""
        match self.operation:
            case "since_last" | "since_first" | "mean_gap" | "age":
                return "days"
            case "share":
                return "share"
            case "count":
                return str(self.log.table.name).removesuffix("_versions").replace("_", " ")
            case "nunique":
                return ""  # the title says what is counted
        unit = "" if self.value is None else ("money" if self.value.kind == "money" else self.value.unit)
        return f"{unit} per day".strip() if self.operation == "slope" else unit

    def over(self, window: Window) -> Aggregate:
        """The same over another window."""
        return replace(self, window=window)

    def __repr__(self) -> str:
        tests = ",".join(f"{item.column} {item.operation} {item.values!r}" for item in self.conditions)
        return (
            f"{self.log.name}[{tests}].{self.column}.{self.operation}({self.argument!r}) over {self.window.width} "
            f"by {self.log.rule}"
        )


def check(aggregate: Aggregate) -> Aggregate:
    """`aggregate` itself, once its operation fits its column.

    Raises
    ------
    DeclarationError
        If numbers are asked of a text, or the most frequent value of floats.
    """
    value = aggregate.value
    if value is None:
        return aggregate
    name = f"{aggregate.log.table.name}.{value.name}"
    if aggregate.operation in NUMBERS and value.kind not in NUMERIC_KINDS:
        raise DeclarationError(
            f"the {aggregate.operation} of {name} makes no sense, it is a {value.kind}; a column of numbers is "
            "expected; choose another column, or count, nunique or mode"
        )
    if aggregate.operation in ("mode", "share") and value.kind == "float":
        raise DeclarationError(
            f"the {aggregate.operation} of {name} makes no sense, it holds floats, which seldom repeat; a text, an id "
            "or a whole number is expected; choose another column"
        )
    if aggregate.operation == "age" and value.kind not in ("moment", "day"):
        raise DeclarationError(
            f"the age of {name} makes no sense, it is a {value.kind}; a moment or a day is expected; "
            "choose another column"
        )
    return aggregate
