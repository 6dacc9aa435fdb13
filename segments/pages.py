"""Pages of members: where the next one begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.clock import iso
from segments.consent import ReleasedList
from segments.errors import SegmentError
from segments.export import COLUMNS


@dataclass(frozen=True)
class MembersPage:
    """One page of a segment.

    Attributes
    ----------
    released : ReleasedList
        Who of the members looked at may be contacted.
    next_cursor : str or None
        Where the next page begins; None after the last one.
    members : int
        Members of the whole segment, the suppressed ones included.
    """

    released: ReleasedList
    next_cursor: str | None
    members: int

    def to_json(self) -> dict[str, Any]:
        """The page as plain values: people by their numbers, moments in ISO."""
        rows = zip(*[self.released.rows[name].to_pylist() for name in COLUMNS], strict=True)
        people = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        for person in people:
            person["member_since"] = iso(person["member_since"])
        return {
            "segment": self.released.segment,
            "as_of": iso(self.released.as_of),
            "purpose": self.released.purpose,
            "channel": self.released.channel,
            "members": people,
            "suppressed": dict(self.released.suppressed),
            "next_cursor": self.next_cursor,
            "hint": self.released.hint,
        }


def write_cursor(as_of: int, customer: int) -> str:
    """The place after a customer in the membership as of a moment.

    Examples
    --------
    >>> parse_cursor(write_cursor(-5, 7))
    (-5, 7)
    """
    return f"{as_of}_{customer}"


def wrong_cursor(cursor: str) -> SegmentError:
    """The error of a cursor that no page gave."""
    return SegmentError(
        f"the cursor is {cursor[:60]!r}; the one that the page before gave is expected; leave it out to begin anew"
    )


def parse_cursor(cursor: str) -> tuple[int, int]:
    """The moment and the customer of a cursor.

    Raises
    ------
    SegmentError
        If it was not made by `write_cursor`.
    """
    as_of, _, customer = cursor.partition("_")
    sound = all(part.removeprefix("-").isdecimal() and part.isascii() and len(part) < 19 for part in (as_of, customer))
    if not sound:
        raise wrong_cursor(cursor)
    return int(as_of), int(customer)
