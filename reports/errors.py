"""What can go wrong with a report, as one sentence."""

from __future__ import annotations

from configs.errors import RapportError


class ReportError(RapportError):
    """A report is unknown, cannot be read, or cannot be written."""
