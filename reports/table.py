"""A table of a report: typed columns, rows of plain values, small groups of people hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from reports.formats import Kind, as_text


class _Few:
    """The mark in place of a count of people that is too small to be told."""

    def __repr__(self) -> str:
        return "FEW"

    def __str__(self) -> str:
        return "<5"


FEW: Final = _Few()
SMALLEST = 5
Value: TypeAlias = "int | float | str | _Few | None"


def people(count: int | None) -> Value:
    """A count of people in a group: `FEW` from 1 to 4, so that nobody is recognised in a small group.

    Examples
    --------
    >>> people(4), people(5), people(0)
    (FEW, 5, 0)
    """
    if count is None:
        return None
    return FEW if 0 < count < SMALLEST else int(count)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        Its name in files.
    title : str
        Its heading for people.
    kind : {"text", "int", "number", "percent", "money", "days", "date"}
    unit : str
    """

    name: str
    title: str
    kind: Kind = "text"
    unit: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right."""
        return self.kind not in ("text", "date")

    def text(self, value: Value) -> str:
        """One of its values as people read it."""
        return str(value) if isinstance(value, _Few) else as_text(value, self.kind, self.unit)

    def bare(self, value: Value) -> str:
        """One of its values without its unit, for cells under a heading that names the unit."""
        return str(value) if isinstance(value, _Few) else as_text(value, self.kind)


@dataclass(frozen=True)
class Table:
    """Rows under typed columns.

    Parameters
    ----------
    name : str
        Its name in files and sheets: lower-case words joined by underscores.
    title : str
        Its caption.
    columns : sequence of Column
    rows : sequence of sequence
        Plain values, `FEW` or None, one per column.
    note : str
        A sentence under it.
    remarks : mapping of int to str
        Words beside the first value of a row, by its place, for people only.

    Raises
    ------
    ValueError
        If a row has another number of values than there are columns.

    Examples
    --------
    >>> Table("ages", "Ages", (Column("band", "Band"), Column("people", "People", "int")), [("young", FEW)]).texts()
    [['young', '<5']]
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]] = field(default=())
    note: str = ""
    remarks: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"row {number} of the table {self.name!r} has {len(row)} values; {len(self.columns)} are expected, "
                    "one per column; mend the report"
                )

    @property
    def is_empty(self) -> bool:
        """Whether it has no rows."""
        return not self.rows

    def texts(self) -> list[list[str]]:
        """All values as people read them."""
        return [[column.text(value) for column, value in zip(self.columns, row, strict=True)] for row in self.rows]
