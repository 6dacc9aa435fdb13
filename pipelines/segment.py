"""Build segments, and say in words what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm import clock
from pipelines.workspace import Workspace
from segments import BuildReport


@dataclass(frozen=True)
class Segmented:
    """The segments built, and those that could not be."""

    report: BuildReport

    def to_json(self) -> dict[str, Any]:
        """What ``segment build --json`` prints."""
        return self.report.to_json()

    @property
    def skipped(self) -> Mapping[str, str]:
        """The segments that could not be built, each with its sentence."""
        return self.report.skipped

    def words(self) -> str:
        """One sentence."""
        built = self.report.built
        people = sum(item.members for item in built)
        skipped = f", {len(self.skipped)} skipped ({'; '.join(self.skipped)})" if self.skipped else ""
        return f"{len(built)} built with {people:,} memberships{skipped}"

    def lines(self) -> list[str]:
        """A line for each segment."""
        lines = [
            f"{item.name}: {item.members:,} members as of {clock.iso(item.as_of)} (+{item.added:,} −{item.removed:,})"
            for item in self.report.built
        ]
        lines += [f"  note on {item.name}: {note}" for item in self.report.built for note in item.notes]
        return lines + [f"{name}: skipped: {why}" for name, why in self.skipped.items()]


def build_segments(workspace: Workspace, name: str | None = None, *, as_of: int | None = None) -> Segmented:
    """Build one segment or all, as of a moment.

    Raises
    ------
    RapportError
        If the one asked for is unknown or cannot be built.
    """
    workspace.features.refresh(progress=workspace.progress)
    return Segmented(workspace.segments.build(name, as_of=as_of))
