"""Moments as people write them on the command line."""

from __future__ import annotations

from argparse import ArgumentTypeError

from crm import clock


def moment(text: str) -> int:
    """Microseconds of ``2026-06-30`` or ``2026-06-30T12:00:00+02:00``.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is no ISO 8601 moment, or has a time without a zone.

    Examples
    --------
    >>> moment("1970-01-02")
    86400000000
    """
    try:
        return clock.parse(text)
    except ValueError as error:
        why = "has a time without a zone" if "zone" in str(error) else "is no moment"
        raise ArgumentTypeError(
            f"{text!r} {why}; a date, or an ISO 8601 time with a zone, is expected; write 2026-06-30 or "
            "2026-06-30T12:00:00Z"
        ) from error
