"""Runs: rows in order of bucket, kept in memory up to a bound and on disk beyond it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.history.rows import Rows
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
    """Rows on their way into buckets, put in order by a thread of their own while the next ones are read.

    Parameters
    ----------
    folder : Path
        For what does not fit; need not exist.
    names : tuple of str
        The columns.
    words : int
        How many words stay in memory.
    """

    def __init__(self, folder: Path, names: tuple[str, ...], words: int) -> None:
        self._folder, self._names = folder, names
        self._left = words
        self._runs: list[Run] = []
        self._thread = ThreadPoolExecutor(1)
        self._cutting: Future[None] | None = None
        self._held = np.empty(0, np.int64)  # used again: what a thread frees is not given back to the machine

    def __len__(self) -> int:
        self.wait()
        return sum(map(len, self._runs))

    def add(self, parts: Sequence[Rows]) -> None:
        """Take in rows, some here and some there; no more than those of two calls are on their way."""
        self.wait()
        self._cutting = self._thread.submit(self._cut, parts)

    def wait(self) -> None:
        """Until all that was taken in is in its place; raises what went wrong there."""
        if self._cutting is not None:
            cutting, self._cutting = self._cutting, None
            cutting.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _cut(self, parts: Sequence[Rows]) -> None:
        turned = np.concatenate([_TURNED[part["entity"] % PARTS] for part in parts])
        order = np.argsort(turned, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(turned, minlength=PARTS))])
        size = len(self._names) * len(order)
        self._left -= size
        if is_kept := self._left >= 0:
            words = np.empty(size, np.int64)
        else:
            if len(self._held) < size:
                self._held = np.empty(size, np.int64)
            words = self._held[:size]
        columns = words.reshape(len(self._names), len(order))
        for name, column in zip(self._names, columns, strict=True):
            # places are sure to lie within; only so are they not looked at first, in a copy
            np.take(np.concatenate([part[name] for part in parts]), order, out=column, mode="clip")
        if is_kept:
            self._runs.append(Run(starts, dict(zip(self._names, columns, strict=True)), self._names))
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{len(self._runs):06d}.words"
        words.tofile(path)
        self._runs.append(Run(starts, path, self._names))

    def open(self) -> Iterator[Rows]:
        """The rows of each run; what is written to them stays."""
        self.wait()
        for run in self._runs:
            yield run.open()

    def bucket(self, number: int, buckets: int) -> Rows:
        """The rows of one of so many buckets (a power of two): entities with that remainder."""
        width = PARTS // buckets
        first = int(_TURNED[number])
        parts = [run.part(int(run.starts[first]), int(run.starts[first + width])) for run in self._runs]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
