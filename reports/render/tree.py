"""A report as plain values, and as JSON for programs."""

from __future__ import annotations

import json as encoder
from typing import Any

from crm.clock import iso
from reports.report import Findings, Report, Section, Text
from reports.table import FEW, Table


def json(report: Report) -> bytes:
    """The report as UTF-8 JSON: moments ISO, hidden counts as ``"<5"``, missing values null.

    Examples
    --------
    >>> json(Report("r", "R", 0, []))[:30]
    b'{"report":"r","title":"R","as_'
    """
    return encoder.dumps(tree(report), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def tree(report: Report) -> dict[str, Any]:
    """The report as dictionaries, lists, texts and numbers."""
    tables: dict[str, list[dict[str, Any]]] = {section.name: [] for section in report.sections}
    for section, table in report.tables():
        tables[section.name].append(_table(table))
    return {
        "report": report.name,
        "title": report.title,
        "as_of": iso(report.as_of),
        "watermark": report.watermark,
        "sources": [
            {
                "name": item.name,
                "kind": item.kind,
                "complete_until": None if item.complete_until is None else iso(item.complete_until),
                "rows": dict(item.rows),
                "rejected": item.rejected,
                "rejects": item.rejects or None,
            }
            for item in report.sources
        ],
        "sections": [_section(section, tables[section.name]) for section in report.sections],
    }


def _section(section: Section, tables: list[dict[str, Any]]) -> dict[str, Any]:
    findings = [item for block in section.blocks if isinstance(block, Findings) for item in block.items]
    return {
        "name": section.name,
        "title": section.title,
        "as_of": None if section.as_of is None else iso(section.as_of),
        "rows": dict(section.rows),
        "texts": [block.text for block in section.blocks if isinstance(block, Text)],
        "findings": [vars(item) | {"interval": list(item.interval) if item.interval else None} for item in findings],
        "tables": tables,
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "columns": [{"name": c.name, "title": c.title, "kind": c.kind, "unit": c.unit} for c in table.columns],
        "rows": [[str(value) if value is FEW else _plain(value) for value in row] for row in table.rows],
    }


def _plain(value: object) -> object:
    return None if isinstance(value, float) and value - value != 0 else value
