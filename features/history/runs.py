"""Runs: rows in order of bucket, kept in memory up to a bound and on disk beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.history.rows import Rows, count, take
from features.kernel.program import Ints

PARTS = 4_096  # the most buckets
_BITS = PARTS.bit_length() - 1
# with its bits turned round, a remainder's place tells the bucket for every power of two of buckets at once
_TURNED = np.array([int(f"{part:0{_BITS}b}"[::-1], 2) for part in range(PARTS)], np.uint16)


@dataclass(frozen=True)
class Run:
    """Some rows in order of their turned remainder.

    Attributes
    ----------
    starts : int64[PARTS + 1]
        Where each turned remainder begins.
    rows : Rows or Path
        Column by column; a path is that of a file of words.
    """

    starts: Ints
    rows: Rows | Path
    names: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.starts[-1])

    def open(self) -> Rows:
        """Its columns, which may be written to."""
        if isinstance(self.rows, dict):
            return self.rows
        words = np.memmap(self.rows, np.int64, "r+", shape=(len(self.names), len(self)))
        return {name: words[place] for place, name in enumerate(self.names)}

    def part(self, begin: int, end: int) -> Rows:
        """Some of its rows; those on disk are read, for a page of a mapped file may bring megabytes with it."""
        if isinstance(self.rows, dict):
            return {name: values[begin:end] for name, values in self.rows.items()}
        found = {}
        with self.rows.open("rb") as file:
            for place, name in enumerate(self.names):
                file.seek(8 * (place * len(self) + begin))
                found[name] = np.fromfile(file, np.int64, end - begin)
        return found


class Runs:
    """Rows on their way into buckets.

    Parameters
    ----------
    folder : Path
        For what does not fit; need not exist.
    words : int
        How many words stay in memory.
    """

    def __init__(self, folder: Path, words: int) -> None:
        self._folder = folder
        self._left = words
        self._runs: list[Run] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, rows: Rows) -> None:
        """Take in rows."""
        turned = _TURNED[rows["entity"] % PARTS]
        rows = take(rows, np.argsort(turned, kind="stable"))
        starts = np.concatenate([[0], np.cumsum(np.bincount(turned, minlength=PARTS))])
        size = count(rows) * len(rows)
        self._left -= size
        if self._left >= 0:
            self._runs.append(Run(starts, rows, tuple(rows)))
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{len(self._runs):06d}.words"
        with path.open("wb") as file:
            for values in rows.values():
                values.tofile(file)
        self._runs.append(Run(starts, path, tuple(rows)))

    def open(self) -> Iterator[Rows]:
        """The rows of each run; what is written to them stays."""
        for run in self._runs:
            yield run.open()

    def bucket(self, number: int, buckets: int) -> Rows:
        """The rows of one of so many buckets (a power of two): entities with that remainder."""
        width = PARTS // buckets
        first = int(_TURNED[number])
        parts = [run.part(int(run.starts[first]), int(run.starts[first + width])) for run in self._runs]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
