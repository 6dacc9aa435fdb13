"""Make a report and write it in every form asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm import clock
from pipelines.workspace import Workspace
from reports import Finding

FORMS = ("html", "xlsx", "csv")


@dataclass(frozen=True)
class Reported:
    """A report's files, and what stands out in it."""

    report: str
    as_of: int
    files: dict[str, Path]
    seconds: float
    findings: Sequence[Finding] = ()

    def to_json(self) -> dict[str, Any]:
        """What ``report --json`` prints."""
        return {
            "report": self.report,
            "as_of": clock.iso(self.as_of),
            "files": {form: str(path) for form, path in self.files.items()},
            "seconds": round(self.seconds, 3),
            "findings": [item.to_json() for item in self.findings],
        }

    def words(self) -> str:
        """One sentence."""
        return f"as of {clock.iso(self.as_of)}: {next(iter(self.files.values()))}"

    def lines(self) -> list[str]:
        """What ``report`` prints for people."""
        return [
            f"{self.report} as of {clock.iso(self.as_of)}",
            *[f"{form:<6}{path}" for form, path in self.files.items()],
        ]


def write_report(
    workspace: Workspace,
    name: str,
    *,
    as_of: int | None = None,
    forms: Sequence[str] = FORMS,
    output: Path | None = None,
) -> Reported:
    """Make the report `name` and write it.

    Parameters
    ----------
    as_of : int, optional
        Moment (µs); default: where the sources are complete.
    forms : sequence of str
        Of html, xlsx, csv, json.
    output : Path, optional
        The file to write when one form is asked for; default: in the workspace's reports.

    Raises
    ------
    RapportError
        If there is no such report, or a file cannot be written.
    """
    began = time.monotonic()
    workspace.progress(f"report {name}", 0, 0)
    report = workspace.reports.build(name, as_of)
    files = {form: workspace.reports.write(report, form, output) for form in forms}
    return Reported(name, report.as_of, files, time.monotonic() - began, report.findings())
