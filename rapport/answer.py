"""What a command answers: one object for programs, lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A command's answer.

    Attributes
    ----------
    data : dict
        Printed as one JSON object under ``--json``.
    lines : sequence of str
        Printed otherwise.
    exit_code : int
        0 only when the command did what it says.
    """

    data: dict[str, Any]
    lines: Sequence[str] = field(default_factory=tuple)
    exit_code: int = 0

    def text(self) -> str:
        """The lines as one text.

        Examples
        --------
        >>> Answer({"rows": 2}, ["2 rows"]).text()
        '2 rows'
        """
        return "\n".join(self.lines)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows as aligned text: numbers to the right, words to the left.

    Examples
    --------
    >>> print("\\n".join(table(["name", "rows"], [["orders", 25900], ["leads", 3]])))
    name      rows
    orders  25,900
    leads        3
    """
    cells = [[_cell(value) for value in row] for row in rows]
    right = [all(isinstance(row[i], int | float) or row[i] is None for row in rows) for i in range(len(header))]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    lines = []
    for row in [list(header), *cells]:
        padded = [
            cell.rjust(width) if to_right and rows else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
