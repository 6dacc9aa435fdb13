"""What can go wrong at the desk."""

from __future__ import annotations

from configs.errors import RapportError


class ConsoleError(RapportError):
    """A page cannot be found, read or shown."""


class NotFoundError(ConsoleError):
    """There is no such page, customer, segment or model."""


def missing(what: str, name: str, where: str) -> NotFoundError:
    """Nothing has this name.

    Examples
    --------
    >>> str(missing("customer", "C99", "/customers"))
    "there is no customer 'C99'; one that is listed is expected; look at /customers"
    """
    return NotFoundError(f"there is no {what} {name[:100]!r}; one that is listed is expected; look at {where}")
