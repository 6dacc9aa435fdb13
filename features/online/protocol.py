"""What an online store is: a keyed place for packed states, old or new but never between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Packed(NamedTuple):
    """The state of one entity: its number, its record id, its packed rows."""

    key: str
    id: int
    state: bytes | memoryview


@dataclass(frozen=True)
class Stamp:
    """What an online store says of one kind of entity.

    Attributes
    ----------
    layout : str
        JSON: the logs of a packed state and their columns.
    layout_id : int
        Names the layout and its dictionaries; each packed state begins with it.
    texts : str
        JSON: the dictionaries, by log and column.
    watermark : int
        Greatest arrival number that the states hold.
    materialized_at : int
        When that was, in microseconds.
    as_of : int or None
        The moment that questions mean which name none; None is now.
    """

    layout: str
    layout_id: int
    texts: str
    watermark: int
    materialized_at: int
    as_of: int | None


class OnlineStore(Protocol):
    """A place for packed states. Every implementation passes the store checks of `features.checks`."""

    def stamp(self, entity: str) -> Stamp | None:
        """What is there of an entity; None before the first materialization."""

    def token(self) -> object:
        """Changes whenever somebody else has written; cheap."""

    def replace(self, entity: str, stamp: Stamp, rows: Iterable[Packed]) -> None:
        """Put `rows` in place of all that is there, at once for every reader."""

    def update(self, entity: str, stamp: Stamp, rows: Iterable[Packed], removed: Iterable[int]) -> None:
        """Put in some rows and take out some ids, at once for every reader."""

    def read(self, entity: str, keys: Sequence[str]) -> list[tuple[int, bytes] | None]:
        """Id and packed state for each key, in order; None where there is none."""

    def close(self) -> None:
        """Let go of every connection."""
