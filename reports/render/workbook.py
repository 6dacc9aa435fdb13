"""A report as an Excel workbook: one sheet per table, typed numbers, text that stays text."""

from __future__ import annotations

import io
import math
from typing import Any

from crm.clock import from_micros, short
from reports.formats import Kind
from reports.report import Report, Section
from reports.table import FEW, Column, Table

SHEET_NAME = 31  # characters that Excel allows
_FORMATS: dict[Kind, str] = {
    "int": "#,##0",
    "number": "#,##0.###",
    "percent": "0.0%",
    "money": "#,##0.00",
    "days": "#,##0.0",
    "date": "yyyy-mm-dd",
    "text": "@",
}


def xlsx(report: Report) -> bytes:
    """The workbook's bytes: a sheet ``about`` with as-of, sources and row counts, then a sheet per table.

    Every text is written as a text cell, never as a formula or a link; hidden counts read ``<5``.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": report.title, "created": from_micros(report.as_of).replace(tzinfo=None)})
        formats = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        used: set[str] = set()
        _about(book.add_worksheet(_sheet("about", used)), report, bold)
        for section, table in report.tables():
            _fill(book.add_worksheet(_sheet(table.name, used)), section, table, formats, bold)
    return buffer.getvalue()


def _sheet(name: str, used: set[str]) -> str:
    """A sheet name that Excel accepts and that is not taken yet."""
    clean = "".join("_" if letter in "[]:*?/\\'" else letter for letter in name)[:SHEET_NAME] or "sheet"
    number = 1
    while clean.lower() in used:
        number += 1
        clean = f"{clean[: SHEET_NAME - len(str(number)) - 1]}_{number}"
    used.add(clean.lower())
    return clean


def _about(sheet: Any, report: Report, bold: Any) -> None:
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 3, 24)
    lines: list[tuple[object, ...]] = [("report", report.title), ("as of", short(report.as_of)), ()]
    lines.append(("section", "as of", "table", "rows that counted"))
    for section in report.sections:
        when = "" if section.as_of is None else short(section.as_of)
        lines += [(section.title, when, table, rows) for table, rows in section.rows.items()]
        lines += [] if section.rows else [(section.title, when)]
    lines += [(), ("source", "complete until", "table", "rows")]
    for source in report.sources:
        until = "live" if source.complete_until is None else short(source.complete_until)
        lines += [(source.name, until, table, rows) for table, rows in source.rows.items()]
    for row, line in enumerate(lines):
        for at, value in enumerate(line):
            heading = bold if line[0] in ("section", "source") else None
            if isinstance(value, int):
                sheet.write_number(row, at, value, heading)
            else:
                sheet.write_string(row, at, str(value), heading)


def _fill(sheet: Any, section: Section, table: Table, formats: dict[Kind, Any], bold: Any) -> None:
    sheet.write_string(0, 0, f"{section.title}: {table.title}")
    for at, column in enumerate(table.columns):
        unit = f" ({column.unit})" if column.unit else ""
        sheet.write_string(2, at, column.title + unit, bold)
        sheet.set_column(at, at, max(10, min(40, len(column.title + unit) + 2)))
        for row, values in enumerate(table.rows, 3):
            _cell(sheet, row, at, values[at], column, formats[column.kind])
    sheet.freeze_panes(3, 1)
    if table.rows:
        sheet.autofilter(2, 0, 2 + len(table.rows), len(table.columns) - 1)


def _cell(sheet: Any, row: int, at: int, value: object, column: Column, look: Any) -> None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        sheet.write_blank(row, at, None, look)
    elif isinstance(value, int | float) and column.is_number:
        sheet.write_number(row, at, value, look)
    else:
        sheet.write_string(row, at, str(FEW) if value is FEW else str(value))
