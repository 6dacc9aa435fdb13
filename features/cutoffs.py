"""Cutoffs: the past moments of a training spine."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.clock import from_micros, to_micros
from features.errors import SpineError
from features.windows import FOREVER, Window

PERIODS = ("day", "week", "month", "quarter")


def cutoffs(period: str | tuple[Window, ...], since: int, until: int) -> list[int]:
    """Moments in ``[since, until]``, ascending.

    Parameters
    ----------
    period : {'day', 'week', 'month', 'quarter'} or tuple of one Window
        Calendar periods begin at midnight UTC (weeks on Mondays); a window steps back from `until`.
    since, until : int
        Microseconds.

    Raises
    ------
    SpineError
        If the period is unknown.

    Examples
    --------
    >>> from crm.clock import iso, parse
    >>> [iso(moment)[:10] for moment in cutoffs("month", parse("2024-01-15"), parse("2024-04-01"))]
    ['2024-02-01', '2024-03-01', '2024-04-01']
    """
    if isinstance(period, tuple):
        if len(period) != 1 or period[0].width == FOREVER:
            raise SpineError(f"the period is {period!r}; one bounded span is expected; write days(30)")
        width = period[0].width
        return list(range(until, since - 1, -width))[::-1]
    if period not in PERIODS:
        raise SpineError(
            f"the period {period!r} is unknown; one of {', '.join(PERIODS)}, or days(30), is expected; choose one"
        )
    found, moment = [], _floor(from_micros(since), period)
    while to_micros(moment) <= until:
        if to_micros(moment) >= since:
            found.append(to_micros(moment))
        moment = _next(moment, period)
    return found


def _floor(moment: datetime, period: str) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return midnight - timedelta(days=midnight.weekday())
    if period == "month":
        return midnight.replace(day=1)
    if period == "quarter":
        return midnight.replace(day=1, month=(midnight.month - 1) // 3 * 3 + 1)
    return midnight


def _next(moment: datetime, period: str) -> datetime:
    if period == "day":
        return moment + timedelta(days=1)
    if period == "week":
        return moment + timedelta(days=7)
    return _floor(moment + timedelta(days=32 if period == "month" else 95), period)
