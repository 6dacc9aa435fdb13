"""Lags and moments as a mapping writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from crm import clock

_UNITS = {"us": 1, "ms": 1_000, "s": clock.SECOND, "m": 60 * clock.SECOND, "h": clock.HOUR, "d": clock.DAY}
_FORM = re.compile(r"(\d+)\s*(us|ms|s|m|h|d)")


def duration(text: str) -> int:
    """Microseconds of a lag.

    Parameters
    ----------
    text : str
        A whole number and a unit: us, ms, s, m, h or d.

    Raises
    ------
    ValueError
        If the text is of another form.

    Examples
    --------
    >>> duration("2h")
    7200000000
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return int(found[1]) * _UNITS[found[2]]


def moment(value: object, zone: str | None) -> int:
    """Microseconds of a moment of a mapping: a date is its midnight, a time without offset is in `zone`.

    Parameters
    ----------
    value : datetime, date or str
        What YAML read; a text in ISO form.
    zone : str or None
        The source's zone.

    Raises
    ------
    ValueError
        If the value is no moment, or has neither offset nor zone.

    Examples
    --------
    >>> clock.iso(moment("2011-10-30T01:30", "Europe/London"))
    '2011-10-30T00:30:00Z'
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError("a moment such as 2026-06-30T00:00:00")
    if value.tzinfo is None:
        if zone is None:
            raise ValueError("a moment with an offset such as 2026-06-30T00:00:00Z, or a zone for the source,")
        value = value.replace(tzinfo=ZoneInfo(zone))
    return clock.to_micros(value.astimezone(UTC))
