"""Run in a process of its own: one sheet of a workbook to a CSV file, within limits of memory and time.

Arguments: workbook, sheet (empty: the first), lines to skip, output, megabytes, seconds. It imports none of ours,
so that it starts fast and can be run by its path. Exit code 3: there is no such sheet (the names on stdout).
"""

from __future__ import annotations

import csv
import datetime
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main(workbook: str, sheet: str, skip: str, output: str, megabytes: str, seconds: str) -> int:
    """Read the sheet and write its rows, each behind its number; the exit code."""
    size = int(megabytes) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(workbook) as book:
        if sheet and sheet not in book.sheet_names:
            sys.stdout.write(", ".join(book.sheet_names))
            return 3
        rows = book.get_sheet_by_name(sheet or book.sheet_names[0]).iter_rows()
        for _ in range(int(skip)):
            next(rows, None)
        with Path(output).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_numbered(rows))
    return 0


def _numbered(rows: Iterator[Any]) -> Iterator[list[str]]:
    """The header behind the word row_no, then each row behind its number; empty rows count but are left out."""
    names: list[Any] = next((row for row in rows if any(cell != "" for cell in row)), [])
    yield ["row_no", *[_text(cell) for cell in names]]
    for number, row in enumerate(rows, 1):
        cells = [_text(cell) for cell in row]
        if any(cells):
            yield [str(number), *cells]


def _text(cell: object) -> str:
    """A cell as text: whole numbers without a fraction, moments in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
