"""The reports of a workspace: built as of a moment, written as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import registry
from configs import RapportError, Settings
from crm import Records
from crm.clock import iso, to_micros
from reports.definition import find, library
from reports.errors import ReportError
from reports.reading import Reading
from reports.render import FORMS, SUFFIXES
from reports.report import Report, SourceLine
from segments.files import write_whole


class Reports:
    """Reports over the records. Made by `reports.open`.

    Parameters
    ----------
    settings : Settings
    records : Records
    """

    def __init__(self, settings: Settings, records: Records) -> None:
        self._settings, self._records, self._registry = settings, records, registry.open(settings)

    @property
    def names(self) -> list[str]:
        """The reports that there are."""
        return list(library())

    def build(self, name: str, as_of: int | datetime | None = None) -> Report:
        """Make a report.

        Parameters
        ----------
        name : str
            One of `names`.
        as_of : int (µs) or aware datetime, optional
            Moment for all sections. Default: for each section the earliest ``complete_until`` of the sources it reads.

        Raises
        ------
        ReportError
            If there is no such report.
        """
        definition = find(name)
        moment = to_micros(as_of) if isinstance(as_of, datetime) else as_of
        reading = Reading(self._records, moment, self._policy)
        try:
            sections = list(definition.sections(reading))
        finally:
            reading.close()
        refused = self._rejected()
        sources = [
            SourceLine(item.name, item.kind, item.complete_until, item.tables, *refused.get(item.name, (0, "")))
            for item in reading.sources
            if item.tables
        ]
        latest = max((part.as_of for part in sections if part.as_of is not None), default=reading.now)
        return Report(
            name, definition.title, latest if moment is None else moment, sections, sources, reading.watermark
        )

    def _policy(self, model: str, version: str) -> Mapping[str, Any]:
        try:
            return self._registry.open_model(self._registry.version(model, version)).policy
        except RapportError:  # the model is gone or was altered; the report stands without it
            return {}

    def _rejected(self) -> dict[str, tuple[int, str]]:
        """By source how many rows its last import rejected, and the file that holds them, below the workspace."""
        found = self._records.query("select subject, detail from audit_log where action = 'import' order by id")
        told: dict[str, tuple[int, str]] = {}
        for row in found.to_pylist():
            detail = json.loads(row["detail"])
            count = sum(int(item["rejected"]) for item in detail.get("tables", {}).values())
            file = Path(str(detail.get("rejects") or "")).name
            told[row["subject"]] = count, f"{self._settings.rejects_dir.name}/{file}" if count and file else ""
        return told

    def write(self, report: Report, form: str = "html", path: Path | None = None) -> Path:
        """Write a report to a file, whole or not at all, and return its path.

        Parameters
        ----------
        report : Report
        form : {"html", "xlsx", "csv", "json"}
            ``csv`` is a ZIP with a file per table.
        path : Path, optional
            Default: ``<report>_<day>.<form>`` in the settings' ``reports_dir``.

        Raises
        ------
        ReportError
            If the form is unknown or the file cannot be written.
        """
        if form not in FORMS:
            raise ReportError(f"the form is {form!r}; one of {', '.join(FORMS)} is expected; name one")
        target = path or self._settings.reports_dir / f"{report.name}_{iso(report.as_of)[:10]}{SUFFIXES[form]}"
        try:
            write_whole(target, FORMS[form](report), mode=0o644)
        except OSError as error:
            raise ReportError(
                f"the report cannot be written to {target} ({error.strerror or error}); a folder with free space that "
                "may be "
                "written is expected; make room or name another path"
            ) from error
        return target


def open(settings: Settings, records: Records) -> Reports:  # noqa: A001 - crm's way
    """The reports of a workspace."""
    return Reports(settings, records)
