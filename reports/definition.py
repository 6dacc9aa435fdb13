"""What a file of the library defines, and how the files are found."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.errors import ReportError
from reports.reading import Reading
from reports.report import Section


@dataclass(frozen=True)
class ReportDefinition:
    """A report of the library: its title, and what makes its sections from the records as of a moment."""

    title: str
    sections: Callable[[Reading], Sequence[Section]]


def library() -> Mapping[str, Path]:
    """The files of the library by report name."""
    folder = Path(__file__).parent / "library"
    return {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}


def find(name: str) -> ReportDefinition:
    """The report of that name.

    Raises
    ------
    ReportError
        If there is no such file, or it defines no ``report``.
    """
    files = library()
    if name not in files:
        raise ReportError(f"the report {name!r} is unknown; one of {', '.join(files)} is expected; name one")
    found = getattr(importlib.import_module(f"reports.library.{name}"), "report", None)
    if not isinstance(found, ReportDefinition):
        raise ReportError(
            f"{files[name].name} in the report library defines no report; `report = ReportDefinition(title=…, "
            "sections=…)` is "
            "expected; add it"
        )
    return found
