"""The report object: what a report says, before anybody decides whether it is a page, a workbook or files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from reports.charts import Chart
from reports.formats import Kind
from reports.table import Column, Table, Value

SIDE = 4  # columns of a table that stands beside its chart


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class KeyNumber:
    """One number that is read first: its label, its value, and what exactly is counted."""

    label: str
    value: Value
    kind: Kind = "int"
    unit: str = ""
    note: str = ""

    def text(self) -> str:
        """The value as people read it under a label that names the currency."""
        return Column("", "", self.kind, self.unit).bare(self.value)


@dataclass(frozen=True)
class KeyNumbers:
    """A few key numbers side by side; `name` is their table's name in files."""

    name: str
    items: Sequence[KeyNumber]

    def table(self) -> Table:
        """One row per number."""
        columns = [
            Column("figure", "Figure"),
            Column("value", "Value", "number"),
            Column("unit", "Unit"),
            Column("note", "Note"),
        ]
        units = {"percent": "share", "days": "days"}
        rows = [(item.label, item.value, item.unit or units.get(item.kind, ""), item.note) for item in self.items]
        return Table(self.name, "Key figures", columns, rows)


@dataclass(frozen=True)
class Figure:
    """A chart beside its table; the table is made from the chart unless another one tells more."""

    chart: Chart
    given: Table | None = None

    @property
    def table(self) -> Table:
        """The numbers behind the chart."""
        return self.given or self.chart.table()

    @property
    def is_wide(self) -> bool:
        """Whether the table needs the page's whole width, below the chart."""
        return len(self.table.columns) > SIDE


@dataclass(frozen=True)
class Finding:
    """Something that the numbers support.

    Attributes
    ----------
    text : str
        What was found, in one sentence.
    evidence, title : str
        Name and title of the table that shows it.
    advice : str
        What to do next.
    value : float or None
    n : int or None
        On how many the value rests, and `of` what.
    period : str
    difference : float or None
        The value less (money: relative to) what it is compared with.
    interval : tuple of float or None
        Of 95 %, of the difference; of the value where `of_difference` is false.
    worth : float
        The share of what it is about that is at stake, 0 to 1; the order goes by it.
    """

    text: str
    evidence: str
    title: str
    advice: str = ""
    value: float | None = None
    n: int | None = None
    of: str = ""
    period: str = ""
    difference: float | None = None
    interval: tuple[float, float] | None = None
    of_difference: bool = True
    worth: float = 0.0

    def basis(self) -> str:
        """What the sentence rests on: how many, when, and the comparison's interval.

        Examples
        --------
        >>> Finding("…", "t", "T", n=40, of="orders", period="2011-12", interval=(-0.021, 0.1)).basis()
        '40 orders, 2011-12, 95% interval of the difference -2.1 to +10.0 points'
        """
        parts = [f"{self.n:,} {self.of}" if self.n is not None else "", self.period]
        if self.interval is not None:
            low, high = self.interval
            points = f"95% interval of the difference {100 * low:+.1f} to {100 * high:+.1f} points"
            parts.append(points if self.of_difference else f"95% interval {low:.1%} to {high:.1%}")
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Findings:
    """What is worth knowing, each with its evidence."""

    items: Sequence[Finding]


Block: TypeAlias = Text | KeyNumbers | Figure | Table | Findings


@dataclass(frozen=True)
class Section:
    """A part of a report with its own moment and its own row counts.

    Parameters
    ----------
    name, title : str
    blocks : sequence of blocks
    as_of : int or None
        Moment (µs) before which records count; None where the section reads none.
    rows : mapping of str to int
        Rows of each table that counted.
    """

    name: str
    title: str
    blocks: Sequence[Block]
    as_of: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceLine:
    """What one source holds, until when it is complete (None: live), and what its last import rejected.

    `rejects` is the file of the rejected rows, below the workspace; empty where there are none.
    """

    name: str
    kind: str
    complete_until: int | None
    rows: Mapping[str, int]
    rejected: int = 0
    rejects: str = ""


@dataclass(frozen=True)
class Report:
    """A whole report.

    Parameters
    ----------
    name, title : str
    as_of : int
        The latest moment (µs) that any section looks back from.
    sections : sequence of Section
    sources : sequence of SourceLine
    watermark : int
        The greatest arrival number of the records that were read.
    """

    name: str
    title: str
    as_of: int
    sections: Sequence[Section]
    sources: Sequence[SourceLine] = ()
    watermark: int = 0

    def tables(self) -> Iterator[tuple[Section, Table]]:
        """Every table with its section, charts' and key numbers' tables included; names are unique.

        Examples
        --------
        >>> numbers = KeyNumbers("n", [KeyNumber("Customers", 3)])
        >>> report = Report("r", "R", 0, [Section("a", "A", [numbers]), Section("b", "B", [numbers])])
        >>> [table.name for _, table in report.tables()]
        ['n', 'n_2']
        """
        used: dict[str, int] = {}
        for section in self.sections:
            for table in tables_of(section):
                used[table.name] = used.get(table.name, 0) + 1
                again = used[table.name]
                yield section, replace(table, name=table.name if again == 1 else f"{table.name}_{again}")


def tables_of(section: Section) -> list[Table]:
    """The tables of a section, those of its charts and key numbers included."""
    return [table for table in map(_table, section.blocks) if table is not None]


def _table(block: Block) -> Table | None:
    match block:
        case Table():
            return block
        case KeyNumbers():
            return block.table()
        case Figure():
            return block.table
        case _:
            return None
