"""Codebooks: each combination of record ids has a dense code, which it keeps for ever."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import filelock
import numpy as np

from features.history.files import map_bucket, write_rows
from features.kernel.codes import NULL
from features.kernel.program import Ints


class Codebook:
    """The codes of one composite key on disk; any number of processes may read and extend it.

    Parameters
    ----------
    path : Path
        Its file, replaced whole whenever combinations are added.
    parts : int
        How many ids a combination has.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = Codebook(Path(folder) / "pairs.arrow", 2)
    ...     first = book.encode([np.array([1, 12]), np.array([23, 3])])
    ...     first.tolist(), book.find([np.array([12, 1]), np.array([3, 3])]).tolist()
    ([0, 1], [1, -1])
    """

    def __init__(self, path: Path, parts: int) -> None:
        self.path = path
        self._stamp: tuple[int, ...] = ()
        self._parts: list[Ints] = [np.zeros(0, np.int64) for _ in range(parts)]
        self._index = _Index(self._parts)

    def ids(self) -> list[Ints]:
        """The ids of each part by code; the null word where a combination was forgotten."""
        self._read()
        return self._parts

    def find(self, columns: Sequence[Ints]) -> Ints:
        """The code of each combination; -1, which none has, where it is unknown."""
        self._read()
        return self._index.find(columns)

    def encode(self, columns: Sequence[Ints]) -> Ints:
        """The code of each combination, new ones added; the null word where a part is null."""
        null = np.logical_or.reduce([column == NULL for column in columns])
        codes = self.find(columns)
        if (~null & (codes < 0)).any():
            with self._locked():
                self._read()
                codes = self._index.find(columns)
                self._add([column[~null & (codes < 0)] for column in columns])
            codes = self._index.find(columns)
        codes[null] = NULL
        return codes

    def forget(self, part: int, ids: Ints) -> int:
        """Blank every combination that has one of some ids as its `part`; how many there were. Codes stay."""
        with self._locked():
            self._read()
            gone = np.isin(self._parts[part], ids)
            if gone.any():
                self._write([np.where(gone, NULL, column) for column in self._parts])
        return int(gone.sum())

    def _add(self, columns: list[Ints]) -> None:
        order = np.lexsort(columns[::-1])
        fresh = np.ones(len(order), bool)
        if len(order):
            fresh[1:] = np.logical_or.reduce([column[order][1:] != column[order][:-1] for column in columns])
            places = order[fresh]
            self._write([np.concatenate([old, new[places]]) for old, new in zip(self._parts, columns, strict=True)])

    def _locked(self) -> filelock.BaseFileLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.path.with_suffix(".lock"))

    def _read(self) -> None:
        """Take up what another process has written."""
        if not self.path.exists():
            return
        found = self.path.stat()
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            self._parts = list(map_bucket(self.path).as_rows().values())
            self._index, self._stamp = _Index(self._parts), stamp

    def _write(self, parts: list[Ints]) -> None:
        fresh = self.path.with_suffix(".new")
        write_rows({f"part_{place}": column for place, column in enumerate(parts)}, fresh)
        fresh.replace(self.path)
        self._read()


class _Index:
    """Finds combinations: each part's rank among the known ids, joined with the rank of the parts before it."""

    def __init__(self, parts: Sequence[Ints]) -> None:
        live = np.flatnonzero(parts[0] != NULL)
        self._known: list[Ints] = []
        self._joints: list[Ints] = []
        ranks: Ints = np.zeros(len(live), np.int64)
        for part in parts:
            known, own = np.unique(part[live], return_inverse=True)
            joints, ranks = np.unique(ranks * max(len(known), 1) + own, return_inverse=True)
            self._known.append(known)
            self._joints.append(joints)
        self._codes: Ints = live[np.argsort(ranks)]

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
