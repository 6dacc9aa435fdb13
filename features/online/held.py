"""Large bases that a process holds: read once, joined to the tails that follow them, with their tiles."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from features import kernel
from features.kernel.program import Ints, memory_for
from features.online.pack import whole
from features.online.program import Program
from features.online.protocol import Large

ROOM = 2**27  # bytes of all that is held
PROGRAMS = 32  # of which one base keeps the tiles
LEAST = 8  # rows that a tile holds on average: where they are fewer, walking them is as fast
_names = count(1)


@dataclass
class Held:
    """One large base.

    Attributes
    ----------
    written : int
        Token of the stamp with which it was written.
    base : bytes
    joined : (bytes, int64[]), optional
        The last tail, and the state that it makes with the base.
    tiles : dict of bytes to int64[]
        By the text of the program.
    """

    written: int
    base: bytes
    joined: tuple[bytes, Ints] | None = None
    tiles: dict[bytes, Ints] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        joined = 0 if self.joined is None else self.joined[1].nbytes
        return len(self.base) + joined + sum(tiles.nbytes for tiles in self.tiles.values())


class Holding:
    """The large bases held, those asked for last; threads share them.

    Parameters
    ----------
    room : int
        Bytes of all of them; one alone may have more.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.room = room
        self._held: OrderedDict[tuple[str, str], Held] = OrderedDict()
        self._lock = threading.Lock()

    def base(self, entity: str, name: Large, read: Callable[[str, Large], bytes | None]) -> Held | None:
        """A large base, read only when it is not held; None when the store has another by now."""
        place = entity, name.key
        with self._lock:
            held = self._held.get(place)
            if held is not None and held.written == name.written:
                self._held.move_to_end(place)
                return held
        base = read(entity, name)
        if base is None:
            return None
        held = Held(name.written, base)
        with self._lock:
            self._held[place] = held
            self._held.move_to_end(place)
            self._fit()
        return held

    def state(self, held: Held, tail: bytes | None) -> Ints:
        """The packed state of a base and its tail."""
        if tail is None:
            return np.frombuffer(held.base, np.int64)
        joined = held.joined
        if joined is None or joined[0] != tail:
            joined = tail, np.frombuffer(whole(held.base, tail), np.int64)
            with self._lock:
                held.joined = joined
                self._fit()
        return joined[1]

    def tiles(self, held: Held, program: Program) -> Ints:
        """The tiles of a base for a program, built on first use; they hold for the base with any tail."""
        tiles = held.tiles.get(program.text)
        if tiles is None:
            words: Ints = np.frombuffer(held.base, np.int64)
            memory = memory_for(program.code, len(program.sources), most_rows(words))
            tiles = kernel.load().build_tiles(words, program.sources, program.code, memory, LEAST)
            tiles[0] = next(_names)
            with self._lock:
                if len(held.tiles) == PROGRAMS:
                    held.tiles = {}
                held.tiles[program.text] = tiles
                self._fit()
        return tiles

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._held.clear()

    def _fit(self) -> None:
        while len(self._held) > 1 and sum(held.nbytes for held in self._held.values()) > self.room:
            self._held.popitem(last=False)


def most_rows(words: Ints) -> int:
    """The rows of the longest log of one packed state."""
    return int(words[2 : 2 + 2 * int(words[1]) : 2].max(initial=0))
