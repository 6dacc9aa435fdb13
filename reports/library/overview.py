"""The business on one page: customers, revenue, retention, risk, leads and deals, service, recommendations."""

from __future__ import annotations

from reports.definition import ReportDefinition
from reports.reading import Reading
from reports.report import Section
from reports.sections import customers, deals, findings, leads, retention, revenue, risk, service, suggestions


def sections(reading: Reading) -> list[Section]:
    """All sections, what stands out first."""
    parts = [
        part.section(reading) for part in (customers, revenue, retention, risk, leads, deals, service, suggestions)
    ]
    first = findings.section(parts)
    return [*([first] if first else []), *parts]


report = ReportDefinition(title="Overview", sections=sections)
