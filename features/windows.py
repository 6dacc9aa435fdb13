"""Windows: trailing spans ``[as_of - width, as_of)``; a day is 24 hours."""

from __future__ import annotations

from dataclasses import dataclass

from crm.clock import DAY, HOUR
from features.errors import DeclarationError

FOREVER = 2**63 - 1


@dataclass(frozen=True, order=True)
class Window:
    """One trailing span.

    Attributes
    ----------
    width : int
        Microseconds; `FOREVER` is a lifetime.
    suffix : str
        What names end in (``90d``); empty for a lifetime.
    """

    width: int
    suffix: str

    @property
    def phrase(self) -> str:
        """The span in words.

        Examples
        --------
        >>> days(90)[0].phrase
        'in the last 90 days'
        """
        if not self.suffix:
            return ""
        unit, size = ("day", DAY) if self.suffix.endswith("d") else ("hour", HOUR)
        count = self.width // size
        return f"in the last {unit}" if count == 1 else f"in the last {count} {unit}s"


def days(*counts: int) -> tuple[Window, ...]:
    """Windows of so many days.

    Raises
    ------
    DeclarationError
        If a count is not a positive whole number.

    Examples
    --------
    >>> [window.suffix for window in days(30, 90)]
    ['30d', '90d']
    """
    return tuple(Window(_positive(count, "days") * DAY, f"{count}d") for count in counts)


def hours(*counts: int) -> tuple[Window, ...]:
    """Windows of so many hours; raises like `days`.

    Examples
    --------
    >>> hours(6)[0].width // 3_600_000_000
    6
    """
    return tuple(Window(_positive(count, "hours") * HOUR, f"{count}h") for count in counts)


lifetime: tuple[Window, ...] = (Window(FOREVER, ""),)


def windows_of(given: object) -> tuple[Window, ...]:
    """`given` itself, once it is windows.

    Raises
    ------
    DeclarationError
        If it is anything else, a bare number for example, or none at all.
    """
    if not isinstance(given, tuple) or not given or not all(isinstance(item, Window) for item in given):
        shown = "nothing" if given == () else repr(given)
        raise DeclarationError(
            f"the windows are {shown}; days(…), hours(…) or lifetime is expected; write days(30) for the last 30 days"
        )
    return given


def _positive(count: int, unit: str) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or not 0 < count * DAY < 2**60:
        raise DeclarationError(
            f"a window of {count!r} {unit} has no rows; a positive whole number of {unit} is expected; write {unit}(30)"
        )
    return count
