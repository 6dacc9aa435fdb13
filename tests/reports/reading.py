"""Finding one thing in a report, and reading the same file through Python's own SQLite."""

from __future__ import annotations

import sqlite3
from typing import Any

import reports
from configs import Settings
from crm import Records
from reports import KeyNumbers, Report, Section, Table
from reports.report import tables_of


def built(settings: Settings, records: Records, as_of: int | None = None) -> Report:
    return reports.open(settings, records).build("overview", as_of)


def section(report: Report, name: str) -> Section:
    return next(item for item in report.sections if item.name == name)


def table(report: Report, name: str) -> Table:
    return next(item for part in report.sections for item in tables_of(part) if item.name == name)


def key(report: Report, part: str) -> dict[str, Any]:
    return {
        item.label: item.value
        for block in section(report, part).blocks
        if isinstance(block, KeyNumbers)
        for item in block.items
    }


def snapshot(settings: Settings) -> sqlite3.Connection:
    source = sqlite3.connect(f"file:{settings.home / 'records.db'}?mode=ro", uri=True)
    target = sqlite3.connect(":memory:")
    source.backup(target)
    source.close()
    return target
