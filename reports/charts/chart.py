"""The chart object: what is shown, never how."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from reports.formats import Kind as Format
from reports.table import Column, Table, Value

Kind: TypeAlias = Literal["line", "step", "points", "bar", "stacked", "across", "heat", "funnel"]
Values: TypeAlias = Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One row of numbers of a chart, with its interval if it has one.

    Parameters
    ----------
    name : str
    values : sequence of float or None
        One per position; None, NaN and infinities are gaps.
    low, high : sequence of float or None, optional
        The ends of an interval around each value.
    marks : sequence of str or None, optional
        Text shown in place of a value, for cells that are not to be told (``"<5"``).
    """

    name: str
    values: Values
    low: Values | None = None
    high: Values | None = None
    marks: Sequence[str | None] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _finite(self.values))
        for end in ("low", "high"):
            if getattr(self, end) is not None:
                object.__setattr__(self, end, _finite(getattr(self, end)))
        if (self.low is None) != (self.high is None):
            raise ValueError(f"the series {self.name!r} has one end of an interval; both are expected")


def _finite(values: Values) -> tuple[float | None, ...]:
    return tuple(None if value is None or not math.isfinite(value) else float(value) for value in values)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A line, step, points, bar, stacked bar, across (bars from left to right) or funnel chart, or a heat map.

    Parameters
    ----------
    kind : {"line", "step", "points", "bar", "stacked", "across", "heat", "funnel"}
    title : str
    x : sequence of str, or of float
        Names stand at equal distances; numbers at their place. A funnel's names are its steps; a heat map's
        its columns, the series being its rows.
    series : sequence of Series
        A funnel has one.
    x_title, y_title : str
    format : {"number", "int", "percent", "money", "days"}
    unit : str
    description : str
        One sentence for screen readers; made from the numbers if absent.
    name : str
        Name of its table in files; made from the title if absent.
    unfinished : collection of int
        Positions whose values are not complete yet; they are drawn lighter and say so.

    Raises
    ------
    ValueError
        If a series has another length than `x`, or the kind is unknown.

    Examples
    --------
    >>> chart = Chart(kind="bar", title="Orders", x=["May", "June"], series=[Series(name="orders", values=[3, 4])])
    >>> chart.table().texts()
    [['May', '3'], ['June', '4']]
    """

    kind: Kind
    title: str
    x: Sequence[str] | Sequence[float]
    series: Sequence[Series]
    x_title: str = ""
    y_title: str = ""
    format: Format = "number"
    unit: str = ""
    description: str = ""
    name: str = field(default="")
    unfinished: Collection[int] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(
                f"the chart {self.title!r} is a {self.kind!r}; one of {', '.join(get_args(Kind))} is expected"
            )
        for item in self.series:
            for part in (item.values, item.low, item.high, item.marks):
                if part is not None and len(part) != len(self.x):
                    raise ValueError(
                        f"the series {item.name!r} of the chart {self.title!r} has {len(part)} values; "
                        f"{len(self.x)} are expected, one per position"
                    )
        if self.kind == "funnel" and len(self.series) != 1:
            raise ValueError(f"the funnel {self.title!r} has {len(self.series)} series; one is expected")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(
            value is not None or (item.marks is not None and item.marks[at] is not None)
            for item in self.series
            for at, value in enumerate(item.values)
        )

    @property
    def has_places(self) -> bool:
        """Whether `x` are numbers with a place of their own rather than names."""
        return bool(self.x) and not isinstance(self.x[0], str)

    def summary(self) -> str:
        """One sentence that says what the chart shows, for those who do not see it."""
        if self.description:
            return self.description
        if self.is_empty:
            return f"{self.title}: nothing to show."
        values = [value for item in self.series for value in item.values if value is not None]
        column = Column("", "", self.format, self.unit)
        span = f", from {column.text(min(values))} to {column.text(max(values))}" if values else ""
        return f"{self.title}: {len(self.series)} series over {len(self.x)} positions{span}."

    def told(self, at: int) -> str:
        """The name of a position, with the remark that it is not complete."""
        return f"{self.x[at]} (not complete)" if at in self.unfinished else str(self.x[at])

    def table(self) -> Table:
        """The same numbers as a table: positions down, series (and their intervals) across."""
        columns = [Column("x", self.x_title or "", "number" if self.has_places else "text")]
        cells: list[Sequence[Value]] = [list(self.x)]
        for item in self.series:
            for label, part in (("", item.values), (" (low)", item.low), (" (high)", item.high)):
                if part is not None:
                    columns.append(Column(item.name + label, item.name + label, self.format, self.unit))
                    cells.append(_marked(part, None if label else item.marks))
        return Table(self.name or slug(self.title), self.title, columns, list(zip(*cells, strict=True)))


def _marked(values: Values, marks: Sequence[str | None] | None) -> list[Value]:
    return [value if marks is None or marks[at] is None else marks[at] for at, value in enumerate(values)]


def slug(title: str) -> str:
    """A name for files made of a title: lower-case ASCII letters, digits and underscores.

    Examples
    --------
    >>> slug("Revenue, by month (GBP)")
    'revenue_by_month_gbp'
    """
    kept = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower())
    return "_".join(kept.split()) or "table"
