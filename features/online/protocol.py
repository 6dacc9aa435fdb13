"""What an online store is: a keyed place for packed states, old or new but never between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol, TypeAlias

from features.errors import OnlineStoreError
from features.kernel.program import Ints

LARGE = 65_536  # bytes: larger bases are not read along with the rest; readers hold them
Words: TypeAlias = bytes | memoryview


class Large(NamedTuple):
    """The name of a base that is too large to be read along.

    Attributes
    ----------
    key : str
        The number of its entity.
    written : int
        Token of the stamp with which it was written.
    """

    key: str
    written: int


State: TypeAlias = tuple[bytes | Large, bytes | None]
"""The packed rows of one entity: its base, and its tail (None: the base holds all)."""


class Packed(NamedTuple):
    """What is written for one entity.

    Attributes
    ----------
    key : str
        Its number.
    id : int
        Its record id.
    mark : int
        Greatest arrival number that the base holds; no meaning without a base.
    base : bytes, memoryview or None
        Packed rows; None leaves the base that is there, and its mark, as they are.
    tail : bytes, memoryview or None
        Packed rows that follow those of the base; None takes out a tail that is there.
    """

    key: str
    id: int
    mark: int
    base: Words | None
    tail: Words | None = None


@dataclass(frozen=True)
class Stamp:
    """What an online store says of one kind of entity.

    Attributes
    ----------
    token : int
        Names this stamp; every write has one of its own, greater than 0.
    layout : str
        JSON: the logs of a packed state and their columns.
    texts : str
        JSON: the dictionaries, by log and column.
    watermark : int
        Greatest arrival number that the states hold.
    materialized_at : int
        When that was, in microseconds.
    as_of : int or None
        The moment that questions mean which name none; None is now.
    """

    token: int
    layout: str
    texts: str
    watermark: int
    materialized_at: int
    as_of: int | None


class OvertakenError(OnlineStoreError):
    """Somebody else has written since the stamp was read from which a write set out."""

    def __init__(self, entity: str) -> None:
        super().__init__(
            f"the states of {entity} were written by another process meanwhile; one writer at a time is expected; "
            "materialize again"
        )


class OnlineStore(Protocol):
    """A place for packed states. Every implementation passes the checks of `features.online.checks`.

    All methods raise `OnlineStoreError` when the store does not answer in time.
    """

    def stamp(self, entity: str) -> Stamp | None:
        """What is there of an entity; None before the first materialization."""

    def read(self, entity: str, keys: Sequence[str]) -> tuple[int, list[State | None]]:
        """The token of the stamp (0: none), and the state of each key in order (None: none), all of one moment.

        Of a base of more than `LARGE` bytes only the name comes along.
        """

    def base(self, entity: str, name: Large) -> bytes | None:
        """A large base; None when it is another by now."""

    def marks(self, entity: str, ids: Ints) -> dict[int, tuple[int, str]]:
        """The mark of its base, and the number, of each id that is there."""

    def replace(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed]) -> None:
        """Put `rows`, each with a base, in place of all that is there, at once for every reader.

        Parameters
        ----------
        entity : str
        after : int
            Token of the stamp from which the writer set out; 0: there was none.
        stamp : Stamp
        rows : iterable of Packed
            Taken in chunks; an error among them leaves everything as it was.

        Raises
        ------
        OvertakenError
            If the stamp that is there is another.
        """

    def update(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed], removed: Iterable[int]) -> None:
        """Put in some rows and take out some ids, at once for every reader; otherwise like `replace`.

        An entity whose number has changed comes with its base, and is found under the new number only.
        """

    def scrub(self) -> None:
        """Leave nothing of states that were taken out in the store's own files; a server keeps house by itself."""

    def close(self) -> None:
        """Let go of every connection."""


def chunks(rows: Iterable[Packed], size: int) -> Iterator[list[Packed]]:
    """Rows in lists of at most `size`."""
    moving = iter(rows)
    while part := list(islice(moving, size)):
        yield part


def shown(url: str) -> str:
    """A URL as it may be shown: without user, password and options.

    Examples
    --------
    >>> shown("redis://:secret@localhost:6379/0?prefix=shop")
    'redis://localhost:6379/0'
    """
    kind, mark, rest = url.partition("://")
    return f"{kind}{mark}{rest.rpartition('@')[2].partition('?')[0]}"
