"""The default moment: the end of what the sources in use tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from numbers import Integral
from typing import TYPE_CHECKING, TypeAlias

from crm.clock import iso, now, parse, to_micros
from features.declare.log import Log
from features.errors import FeatureError
from features.reading import Reading

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

    def beyond(self, moment: int) -> str:
        """A sentence where `moment` lies after the end of what a source tells; empty otherwise.

        Examples
        --------
        >>> AsOf(0, {"shop": 0}, "shop").beyond(86_400_000_000)
        '1970-01-02T00:00:00Z lies beyond the end of shop (1970-01-01T00:00:00Z): what happened since is not known'
        """
        if not self.binding or moment <= self.micros:
            return ""
        end = f"the end of {self.binding} ({iso(self.micros)})"
        return f"{iso(moment)} lies beyond {end}: what happened since is not known"

    def __str__(self) -> str:
        """For people.

        Examples
        --------
        >>> str(AsOf(0, {"shop": 0}, "shop"))
        '1970-01-01T00:00:00Z (the end of shop)'
        """
        return f"{iso(self.micros)} ({f'the end of {self.binding}' if self.binding else 'now'})"


Moment: TypeAlias = int | str | datetime | AsOf
"""A moment as people give it: microseconds, an ISO 8601 text, an aware time, or the default with its reason."""


def micros_of(moment: Moment) -> int:
    """Microseconds of a moment, however it is given.

    Parameters
    ----------
    moment : int (µs), str, datetime or AsOf
        A text is a date (its midnight in UTC), or an ISO 8601 time with a zone; a datetime is aware.

    Raises
    ------
    FeatureError
        If it is no such moment.

    Examples
    --------
    >>> micros_of("1970-01-02"), micros_of(AsOf(5)), micros_of(7)
    (86400000000, 5, 7)
    """
    if isinstance(moment, AsOf):
        return moment.micros
    if isinstance(moment, int | Integral):  # numpy's as well
        return int(moment)
    try:
        return parse(moment) if isinstance(moment, str) else to_micros(moment)
    except (AttributeError, TypeError, ValueError) as error:
        raise FeatureError(
            f"{str(moment)!r} is no moment ({error}); a date, an ISO 8601 time with a zone, or whole microseconds are "
            "expected; write 2026-06-30 or 2026-06-30T12:00:00Z"
        ) from error


def default_as_of(records: Reading, logs: Iterable[Log], sources: Iterable[SourceInfo] | None = None) -> AsOf:
    """The earliest ``complete_until`` of the sources that speak of the logs' entities; now where all are live.

    Parameters
    ----------
    records : Records
    logs : iterable of Log
    sources : iterable of SourceInfo, optional
        As the records tell them, when they were asked already.
    """
    told = {source.name: source for source in (records.sources() if sources is None else sources)}
    used = {name: told[name].complete_until for log in set(logs) for name in _holders(records, log, told)}
    if not used:  # nothing speaks of them: then the end of whatever there is, rather than a moment of its own
        used = {name: source.complete_until for name, source in told.items() if source.tables}
    ends = {name: until for name, until in used.items() if until is not None}
    if not ends:
        return AsOf(now(), used)
    binding = min(ends, key=lambda name: (ends[name], name))
    return AsOf(ends[binding], used, binding)


def _holders(records: Reading, log: Log, told: Mapping[str, SourceInfo]) -> list[str]:
    """Sources with rows in the log; the entity itself is looked at only where several share the table."""
    table = str(log.table.name).removesuffix("_versions")
    names = [name for name, source in told.items() if source.tables.get(table, 0)]
    if len(names) < 2 or log.key == "id":
        return names
    speaking = [set(records.holders(str(log.table.name), key)) for key in log.keys]
    return [name for name in names if all(name in told for told in speaking)]
