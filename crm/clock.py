"""Moments as whole microseconds since 1970 in UTC, the one form in which times are stored and compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


def now() -> int:
    """The present moment in microseconds."""
    return to_micros(datetime.now(UTC))


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment, exact before 1970 as well.

    Raises
    ------
    ValueError
        If `moment` has no zone.

    Examples
    --------
    >>> to_micros(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    -1
    """
    if moment.tzinfo is None:
        raise ValueError(f"the moment {moment} has no zone; an aware time is expected; add +00:00 or a zone")
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The aware UTC moment of a number of microseconds since 1970.

    Examples
    --------
    >>> from_micros(-1).isoformat()
    '1969-12-31T23:59:59.999999+00:00'
    """
    return EPOCH + timedelta(microseconds=int(micros))


def parse(text: str) -> int:
    """Microseconds of an ISO 8601 text; a date alone means its midnight in UTC.

    Raises
    ------
    ValueError
        If the text is not ISO 8601, or has a time but no zone.

    Examples
    --------
    >>> from_micros(parse("2011-12-09")).isoformat()
    '2011-12-09T00:00:00+00:00'
    """
    moment = datetime.fromisoformat(text)
    if len(text) == 10:
        moment = moment.replace(tzinfo=UTC)
    return to_micros(moment)


def iso(micros: int) -> str:
    """ISO 8601 text in UTC, ending in ``Z``; whole seconds are written without a fraction.

    Examples
    --------
    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return from_micros(micros).isoformat().replace("+00:00", "Z")


def short(micros: int) -> str:
    """A moment as people read it, in UTC: the day alone when it is its midnight, else down to the minute.

    Examples
    --------
    >>> short(0), short(14 * HOUR + 5 * 60 * SECOND)
    ('1970-01-01', '1970-01-01 14:05 UTC')
    """
    moment = from_micros(micros)
    return moment.date().isoformat() if micros % DAY == 0 else f"{moment.isoformat(' ', 'minutes')[:16]} UTC"
