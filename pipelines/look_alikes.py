"""Look for the customers most like a segment, and keep them as one where asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm import clock
from pipelines.workspace import Workspace
from segments import Alike, BuildReport


@dataclass(frozen=True)
class LookAlikes:
    """What a search for look-alikes found, and the segment that was made of it.

    Attributes
    ----------
    found : Alike
    path : Path or None
        Definition of the new segment.
    built : BuildReport or None
    """

    found: Alike
    path: Path | None = None
    built: BuildReport | None = None

    def to_json(self) -> dict[str, Any]:
        """What ``segment like --json`` prints."""
        told = self.found.to_json() | {"path": None if self.path is None else str(self.path)}
        return told | {"built": None if self.built is None else self.built.to_json()["built"][0]}

    def lines(self) -> list[str]:
        """What it prints for people."""
        found = self.found
        suppressed = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in found.suppressed.items())
        lines = [
            f"{found.chosen:,} of {found.others:,} customers outside {found.segment} are most like its "
            f"{found.members:,} members, as of {clock.iso(found.as_of)}, by {found.features} features",
            f"  tried: {found.check.words()}",
            f"  {found.allowed:,} of them may be contacted; left out by the consent gate: {suppressed or 'nobody'}",
        ]
        lines[2:2] = [f"  read with care: {found.caution}"] if found.caution else []
        if self.path is None or self.built is None:
            return [*lines, f"Next: rapport segment like {found.segment} --save NEW_NAME keeps them as a segment"]
        made = self.built.built[0]
        return [
            *lines,
            f"{made.name}: {made.members:,} members, defined by {self.path}; built with the other segments from now on",
            f"Next: rapport segment export {made.name}",
        ]


def look_alikes(
    workspace: Workspace,
    name: str,
    *,
    top: int | None = None,
    share: float | None = None,
    as_of: int | None = None,
    save: str | None = None,
) -> LookAlikes:
    """Look for those most like the members of a segment, and keep them as the segment `save`.

    Raises
    ------
    RapportError
        If the segment is unknown or too small, or the new name cannot be.
    """
    workspace.features.refresh(progress=workspace.progress)
    found = workspace.segments.alike(name, top=top, share=share, as_of=as_of)
    if save is None:
        return LookAlikes(found)
    path = workspace.segments.save_alike(name, save, top=top, share=share)
    return LookAlikes(found, path, workspace.segments.build(save, as_of=found.as_of))
