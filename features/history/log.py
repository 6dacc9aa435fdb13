"""One log on disk: its buckets, its delta, its dictionary, and the versions that are never seen but replace others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from features.declare.log import Log
from features.history.delta import Delta, overlay
from features.history.dictionary import Dictionary
from features.history.files import Bucket, boot, map_bucket
from features.history.rows import SYSTEM, TIMES, Rows, concatenate, empty_like, sort, take
from features.kernel.program import Ints

GHOSTS, DICTIONARY = "ghosts.arrow", "dictionary.json"
KEPT = 16  # buckets that stay mapped or made


@dataclass(frozen=True)
class LogState:
    """What the manifest says of a log.

    Attributes
    ----------
    generation : str
        Folder of its buckets.
    columns : tuple of str
        Its value columns.
    buckets : int
        An entity's rows lie in the bucket of its id modulo this.
    rows : int
        Rows in the buckets.
    watermark : int
        Greatest ``seq`` that it holds.
    compacted : int
        Greatest ``seq`` in the buckets.
    delta : str
        Folder of its delta and of the dictionary that goes with it; empty when there is none.
    delta_rows : int
        Versions in the delta.
    boot : str
        When this is not empty, the buckets were written since the machine's start of this name and not pushed to
        the disk: after another start their content is checked.
    """

    generation: str
    columns: tuple[str, ...]
    buckets: int
    rows: int
    watermark: int
    compacted: int
    delta: str = ""
    delta_rows: int = 0
    boot: str = ""


class LogReader:
    """Reads one state of a log.

    Parameters
    ----------
    log : Log
    state : LogState
    folder : Path
        The log's folder.
    """

    def __init__(self, log: Log, state: LogState, folder: Path) -> None:
        self.log = log
        self.state = state
        self.folder = folder
        self._kept: dict[tuple[str, int], Bucket] = {}
        self._lock = threading.RLock()

    @cached_property
    def dictionary(self) -> Dictionary:
        """The texts of its columns."""
        return Dictionary.read(self.folder / (self.state.delta or self.state.generation) / DICTIONARY)

    @cached_property
    def ghosts(self) -> Rows:
        """Versions beside the buckets that are never seen."""
        columns = ("entity", *TIMES, *SYSTEM[1:], *self.state.columns)
        return map_bucket(self._ghosts_path).as_rows() if self._ghosts_path.exists() else empty_like(columns)

    @cached_property
    def delta(self) -> Delta:
        """What has arrived since the buckets were written."""
        return Delta.read(self.folder / self.state.delta) if self.state.delta else Delta.nothing(self.ghosts)

    @cached_property
    def _touched(self) -> Ints:
        return self.delta.entities

    def bucket(self, number: int) -> Bucket:
        """One bucket as it was written, mapped when it is asked for; only some stay mapped.

        Raises
        ------
        HistoryError
            If it is missing or damaged.
        """
        return self._keep("bucket", number, lambda: self._map(number, check=self.is_suspect))

    def _keep(self, kind: str, number: int, make: Callable[[], Bucket]) -> Bucket:
        """What was made last time, unless too much else was made since."""
        with self._lock:
            found = self._kept.pop((kind, number), None)
            if found is None:
                found = make()
                while len(self._kept) >= KEPT:
                    del self._kept[next(iter(self._kept))]
            self._kept[kind, number] = found
        return found

    @property
    def is_suspect(self) -> bool:
        """Whether the machine has started anew since the buckets were written, before they were surely on the disk."""
        return bool(self.state.boot) and self.state.boot != boot()

    def verify(self) -> None:
        """Read every part and compare it with what was written; raises like `bucket`."""
        for number in range(self.state.buckets):
            self._map(number, check=True)
        if self._ghosts_path.exists():
            map_bucket(self._ghosts_path, check=True)
        if self.state.delta:
            Delta.read(self.folder / self.state.delta, check=True)

    def _map(self, number: int, *, check: bool) -> Bucket:
        return map_bucket(self.folder / self.state.generation / f"bucket-{number:05d}.arrow", check=check)

    @property
    def _ghosts_path(self) -> Path:
        return self.folder / self.state.generation / GHOSTS

    def buckets(self) -> Iterator[Bucket]:
        """All buckets as they were written."""
        return (self.bucket(number) for number in range(self.state.buckets))

    def pieces(self, entities: Ints) -> Iterator[tuple[Bucket, Ints]]:
        """The buckets in which some entities' rows lie as they stand now, and the places in `entities` of each."""
        numbers = entities % self.state.buckets
        order = np.argsort(numbers.astype(np.uint32), kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(self.state.buckets), side="right")
        for number, chosen in enumerate(np.split(order, ends[:-1])):
            touched = np.isin(entities[chosen], self._touched)
            if not touched.all():
                yield self.bucket(number), chosen[~touched]
            if touched.any():
                yield self._overlay(number, entities[chosen[touched]]), chosen[touched]

    def _overlay(self, number: int, entities: Ints | None = None) -> Bucket:
        """One bucket's touched entities as they stand now; some of them alone, when few are asked for."""
        touched = self._touched[self._touched % self.state.buckets == number]
        if entities is not None and 4 * len(asked := np.unique(entities)) < len(touched):
            return overlay(self.bucket(number), number, self.delta, asked)
        return self._keep("overlay", number, lambda: overlay(self.bucket(number), number, self.delta, touched))

    @property
    def entities(self) -> Ints:
        """Every entity that has rows, ascending."""
        return np.unique(np.concatenate([self._touched, *(bucket.entities for bucket in self.buckets())]))

    def standing(self, number: int) -> Rows:
        """The rows of one bucket that can be seen as they stand now, delta included, in the total order."""
        bucket = self.bucket(number)
        rows = bucket.as_rows()
        if not len(self._touched):
            return rows
        rows = take(rows, ~np.isin(rows["entity"], self._touched))
        if (self._touched % self.state.buckets == number).any():
            fresh = self._overlay(number).as_rows()
            rows = sort(concatenate([rows, {name: fresh[name] for name in rows}]))
        return rows

    def rows(self) -> Rows:
        """Every row that can be seen, in the total order."""
        return sort(concatenate([self.standing(number) for number in range(self.state.buckets)]))


class Logs(Protocol):
    """Where logs are read: the history of a workspace, or an export of it."""

    def reader(self, log: Log) -> LogReader:
        """A reader of the log as it stands now."""
