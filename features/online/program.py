"""A plan over packed states: the kernel's program, and where its columns lie in a state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from features import kernel
from features.kernel.program import Ints


@dataclass(frozen=True)
class Program:
    """What `run_packed` is asked to do.

    Attributes
    ----------
    code : int64[]
    sources : int64[C, 3]
        For each column of the program: its log in the program, its log in the state, its position there.
    """

    code: Ints
    sources: Ints

    @cached_property
    def text(self) -> bytes:
        """Equal for programs that do the same."""
        return self.code.tobytes() + self.sources.tobytes()

    @cached_property
    def no_tiles(self) -> Ints:
        """What stands for the tiles of a state that has none."""
        found: Ints = kernel.load().no_tiles(self.code)
        return found
