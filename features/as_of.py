"""The default moment: the end of what the sources in use tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm.clock import iso, now
from features.declare.log import Log

if TYPE_CHECKING:
    from crm import SourceInfo


@dataclass(frozen=True)
class AsOf:
    """A moment, and why it is this one.

    Attributes
    ----------
    micros : int
    sources : dict of str to (int or None)
        ``complete_until`` of every source in use; None is live.
    binding : str
        The source that ends first; empty where all are live.
    """

    micros: int
    sources: dict[str, int | None] = field(default_factory=dict)
    binding: str = ""

    def __str__(self) -> str:
        """For people.

        Examples
        --------
        >>> str(AsOf(0, {"shop": 0}, "shop"))
        '1970-01-01T00:00:00Z (the end of shop)'
        """
        return f"{iso(self.micros)} ({f'the end of {self.binding}' if self.binding else 'now'})"


def default_as_of(sources: Iterable[SourceInfo], logs: Iterable[Log]) -> AsOf:
    """The earliest ``complete_until`` of the sources that hold rows in the tables of `logs`; now where all are live."""
    tables = {str(log.table.name).removesuffix("_versions") for log in logs}
    used = {
        source.name: source.complete_until for source in sources if any(source.tables.get(table, 0) for table in tables)
    }
    ends = {name: until for name, until in used.items() if until is not None}
    if not ends:
        return AsOf(now(), used)
    binding = min(ends, key=lambda name: (ends[name], name))
    return AsOf(ends[binding], used, binding)
