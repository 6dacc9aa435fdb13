"""What a watch found: for programs as JSON, for people as lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from crm.clock import iso
from features.skew import SkewReport
from monitoring.alerts import Alert
from monitoring.columns import Column
from monitoring.drift import FALSE_ALARM
from monitoring.measures import Status
from monitoring.words import SCORE

_ANSWERED: Mapping[Status, str] = MappingProxyType(
    {"drifted": "moved", "stable": "did not move", "insufficient": "are too few to judge"}
)


@dataclass(frozen=True, kw_only=True)
class WatchReport:
    """What a watch found.

    Attributes
    ----------
    model, version : str
    window : mapping
        ``{"as_of", "since", "rows", "reference_as_of", "reference_rows"}``, moments in ISO 8601.
    columns : mapping of str to Column
        Inputs by reference.
    score : Column or None
        None where no scores were given or the profile describes none.
    alerts : tuple of Alert
        Most severe first.
    freshness : tuple of mapping
    performance : mapping or None
    catalogue : mapping or None
        For recommendations: ``{"named", "products", "coverage", "most_named", "most_named_share"}``.
    skew : SkewReport or None
        None where nothing was served.
    page : Path or None
        Evidently's page.
    at : int or None
        Moment (µs) at which the watch was made.
    titles : mapping of str to str
        Inputs, and ``score``, in words.
    """

    model: str
    version: str
    window: Mapping[str, Any]
    columns: Mapping[str, Column]
    score: Column | None
    alerts: tuple[Alert, ...]
    freshness: tuple[Mapping[str, Any], ...] = ()
    performance: Mapping[str, Any] | None = None
    catalogue: Mapping[str, Any] | None = None
    skew: SkewReport | None = None
    page: Path | None = None
    at: int | None = None
    titles: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """``{"model", "version", "window", "columns", "score", "alerts", "freshness", "performance", …}``."""
        return {
            "model": self.model,
            "version": self.version,
            "window": dict(self.window),
            "columns": {name: column.to_json() for name, column in self.columns.items()},
            "score": None if self.score is None else self.score.to_json(),
            "alerts": [item.to_json() for item in self.alerts],
            "freshness": [dict(item) for item in self.freshness],
            "performance": None if self.performance is None else dict(self.performance),
            "catalogue": None if self.catalogue is None else dict(self.catalogue),
            "skew": None if self.skew is None else self.skew.to_json(),
            "false_alarm": FALSE_ALARM,
            "page": None if self.page is None else str(self.page),
            "at": None if self.at is None else iso(self.at),
            "titles": dict(self.titles),
        }

    def lines(self) -> list[str]:
        """Lines to print: what was looked at, what could not be judged, every alert."""
        window, answered = self.window, "were not watched"
        if self.score is not None:
            answered = _ANSWERED[self.score.status]
        short = [name for name, column in self._judged().items() if column.status == "insufficient"]
        drifted = sum(column.status == "drifted" for column in self.columns.values())
        lines = [
            f"{self.model} version {self.version}: {window['rows']:,} rows as of {window['as_of']} beside "
            f"{window['reference_rows']:,} rows as of {window['reference_as_of']}",
            f"{drifted} of {len(self.columns)} inputs moved, scores {answered}",
        ]
        if short:
            more = f" and {len(short) - 5} more" if len(short) > 5 else ""
            lines.append(f"insufficient data to judge {', '.join(short[:5])}{more}")
        if self.catalogue is not None:
            lines.append(
                f"{self.catalogue['named']:,} of {self.catalogue['products']:,} products were recommended, "
                f"{self.catalogue['most_named_share']:.1%} of the places went to {self.catalogue['most_named']}"
            )
        if self.skew is not None:
            lines.append(self.skew.lines()[0])
        lines += [item.line() for item in self.alerts]
        if not self.alerts:
            lines.append(f"no alerts; if nothing moved, at most {FALSE_ALARM:.0%} of watches raise one by chance")
        if self.page is not None:
            lines.append(f"each input beside its reference: {self.page}")
        return lines

    def _judged(self) -> dict[str, Column]:
        return dict(self.columns) | ({} if self.score is None else {SCORE: self.score})
