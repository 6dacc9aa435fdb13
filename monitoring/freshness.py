"""How old what a score rests on is: features, records, scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.clock import DAY, iso, short
from monitoring.alerts import Alert


@dataclass(frozen=True)
class Age:
    """When something was last renewed.

    Attributes
    ----------
    what : str
        In words, as in ``online features`` or ``records of source shop``.
    at : int or None
        Moment (µs) of its last renewal; None when that never happened.
    limit_days : float
        How old it may be.
    action : str
        What renews it.
    """

    what: str
    at: int | None
    limit_days: float
    action: str

    def days(self, as_of: int) -> float | None:
        """Its age in days at a moment (µs); None when it was never renewed."""
        return None if self.at is None else max(as_of - self.at, 0) / DAY

    def to_json(self, as_of: int) -> dict[str, Any]:
        """``{"what", "at", "days", "limit_days"}``."""
        days = self.days(as_of)
        return {
            "what": self.what,
            "at": None if self.at is None else iso(self.at),
            "days": None if days is None else round(days, 3),
            "limit_days": self.limit_days,
        }

    def alert(self, as_of: int) -> Alert | None:
        """An alert when it is older than its limit.

        Examples
        --------
        >>> Age("online features", 0, 7.0, "run `rapport materialize`").alert(9 * DAY).text
        'last renewed 1970-01-01, 9.0 days before the moment asked for; 7 are allowed'
        """
        days = self.days(as_of)
        if days is None:
            return Alert(self.what, "age", "high", "never renewed", self.action, self.to_json(as_of))
        if days <= self.limit_days:
            return None
        text = (
            f"last renewed {short(self.at or 0)}, {days:.1f} days before the moment asked for; "
            f"{self.limit_days:g} are allowed"
        )
        return Alert(
            self.what, "age", "high" if days > 3 * self.limit_days else "medium", text, self.action, self.to_json(as_of)
        )
