"""Codebooks: each combination of record ids has a dense code, which it keeps for ever."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import filelock
import numpy as np

from features.kernel.codes import NULL
from features.kernel.program import Ints

WORD = 8  # bytes


class Codebook:
    """The codes of one composite key on disk; any number of processes may read and extend it.

    The file holds a count of forgettings, then the ids of each combination in the order of their codes. New ones are
    appended, so that adding costs what is new and not what is there.

    Parameters
    ----------
    path : Path
    parts : int
        How many ids a combination has.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Codebook(Path(folder) / "pairs.codes", 2)
    ...     first = book.encode([np.array([1, 12]), np.array([23, 3])])
    ...     first.tolist(), book.find([np.array([12, 1]), np.array([3, 3])]).tolist()
    ([0, 1], [1, -1])
    """

    def __init__(self, path: Path, parts: int) -> None:
        self.path = path
        self._width = parts
        self._start_anew(0)

    def _start_anew(self, forgettings: int) -> None:
        self._forgettings = forgettings
        self._rows: Ints = np.zeros((0, self._width), np.int64)
        self._indexes: list[_Index] = []

    def ids(self) -> list[Ints]:
        """The ids of each part by code; the null word where a combination was forgotten."""
        self._read()
        return [self._rows[:, place] for place in range(self._width)]

    def find(self, columns: Sequence[Ints]) -> Ints:
        """The code of each combination; -1, which none has, where it is unknown."""
        self._read()
        return self._find(columns)

    def _find(self, columns: Sequence[Ints]) -> Ints:
        codes: Ints = np.full(len(columns[0]), -1, np.int64)
        for index in self._indexes:
            left = np.flatnonzero(codes < 0)
            codes[left] = index.find([column[left] for column in columns])
        return codes

    def encode(self, columns: Sequence[Ints]) -> Ints:
        """The code of each combination, new ones added; the null word where a part is null."""
        null = np.logical_or.reduce([column == NULL for column in columns])
        codes = self.find(columns)
        if (~null & (codes < 0)).any():
            with self._locked():
                self._read()
                codes = self._find(columns)
                self._append([column[~null & (codes < 0)] for column in columns])
            codes = self.find(columns)
        codes[null] = NULL
        return codes

    def forget(self, part: int, ids: Ints) -> int:
        """Blank every combination that has one of some ids as its `part`; how many there were. Codes stay."""
        with self._locked():
            self._read()
            gone = np.flatnonzero(np.isin(self._rows[:, part], ids))
            if len(gone):
                with self.path.open("r+b") as file:
                    blank = np.full(self._width, NULL, np.int64).tobytes()
                    for row in gone.tolist():
                        os.pwrite(file.fileno(), blank, WORD * (1 + row * self._width))
                    os.pwrite(file.fileno(), np.int64(self._forgettings + 1).tobytes(), 0)
                    os.fsync(file.fileno())
        return len(gone)

    def _append(self, columns: list[Ints]) -> None:
        order = np.lexsort(columns[::-1])
        if not len(order):
            return
        fresh = np.ones(len(order), bool)
        fresh[1:] = np.logical_or.reduce([column[order][1:] != column[order][:-1] for column in columns])
        added = np.stack([column[order[fresh]] for column in columns], axis=1)
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            if self.path.stat().st_size < WORD:
                file.write(np.int64(0).tobytes())
            file.truncate(WORD * (1 + self._rows.size))  # what a process left that was killed while it appended
            file.seek(0, os.SEEK_END)
            file.write(added.tobytes())
            file.flush()
            os.fsync(file.fileno())

    def _locked(self) -> filelock.BaseFileLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.path.with_suffix(".lock"))

    def _read(self) -> None:
        """Take up what another process has added; all of it anew once somebody has forgotten."""
        there = self.path.stat().st_size // WORD if self.path.exists() else 0
        if not there:
            return
        words: Ints = np.memmap(self.path, np.int64, "r", shape=(there,))
        if words[0] != self._forgettings:
            self._start_anew(int(words[0]))
        known, there = len(self._rows), (there - 1) // self._width
        self._rows = words[1 : 1 + there * self._width].reshape(there, self._width)
        if there > known:
            self._take_up(known, there)

    def _take_up(self, begin: int, end: int) -> None:
        """Index new codes, together with the last indexes that are no larger: few indexes, little done twice."""
        while self._indexes and len(self._indexes[-1]) <= 2 * (end - begin):
            begin = self._indexes.pop().begin
        self._indexes.append(_Index(self._rows[begin:end], begin))


class _Index:
    """Finds some combinations: each part's rank among the known ids, joined with the rank of the parts before it."""

    def __init__(self, rows: Ints, begin: int) -> None:
        self.begin = begin
        self._size = len(rows)
        live = np.flatnonzero(rows[:, 0] != NULL)
        self._known: list[Ints] = []
        self._joints: list[Ints] = []
        ranks: Ints = np.zeros(len(live), np.int64)
        for place in range(rows.shape[1]):
            known, own = np.unique(rows[live, place], return_inverse=True)
            joints, ranks = np.unique(ranks * max(len(known), 1) + own, return_inverse=True)
            self._known.append(known)
            self._joints.append(joints)
        self._codes: Ints = begin + live[np.argsort(ranks)]

    def __len__(self) -> int:
        return self._size

    def find(self, columns: Sequence[Ints]) -> Ints:
        """Codes, -1 where unknown."""
        ranks: Ints = np.zeros(len(columns[0]), np.int64)
        for known, joints, column in zip(self._known, self._joints, columns, strict=True):
            own = _rank(known, column)
            joint = np.where((ranks < 0) | (own < 0), -1, ranks * max(len(known), 1) + own)
            ranks = _rank(joints, joint)
        codes: Ints = np.full(len(ranks), -1, np.int64)
        codes[ranks >= 0] = self._codes[ranks[ranks >= 0]]
        return codes


def _rank(known: Ints, values: Ints) -> Ints:
    """The place of each value among ascending `known` ones, -1 where it is not there."""
    if not len(known):
        return np.full(len(values), -1, np.int64)
    places = np.minimum(np.searchsorted(known, values), len(known) - 1)
    found: Ints = np.where(known[places] == values, places, -1)
    return found
