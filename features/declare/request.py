"""Requests: numbers that come with the question, because no record knows them yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from features.errors import DeclarationError

TAKEN = {"as_of", "known_before", "ids", "explain"}


@dataclass(frozen=True)
class Request:
    """A number that is given with the question online, and as a column of the spine offline.

    Attributes
    ----------
    name : str
        Of the column or of the input; views that ask for the same name are given the same number.
    unit, title : str
    """

    name: str
    unit: str = ""
    title: str = ""

    def called(self, title: str) -> Request:
        """The same, called `title`."""
        return replace(self, title=title)


def request(name: str, *, unit: str = "", title: str = "") -> Request:
    """A declared input of a view, for expressions and models: float64, null (NaN) only where null is given.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and underscores.
    unit, title : str

    Raises
    ------
    DeclarationError
        If the name is none, or means something else in a spine or a question.

    Examples
    --------
    >>> request("basket_value", unit="EUR").name
    'basket_value'
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in TAKEN or name.endswith("_id"):
        raise DeclarationError(
            f"the request {name!r} cannot be told from other columns; a name of lower-case letters, digits and "
            f"underscores that does not end in _id and is none of {', '.join(sorted(TAKEN))} is expected; rename it"
        )
    return Request(name, unit, title)
