"""One log on disk: its buckets, its delta, its dictionary, and the versions that are never seen but replace others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from features.declare.log import Log
from features.history.delta import Delta, overlay
from features.history.dictionary import Dictionary
from features.history.files import Bucket, bucket_of, map_bucket, write_rows
from features.history.rows import SYSTEM, TIMES, Rows, concatenate, count, empty_like, sort, take
from features.history.supersede import superseded_at
from features.kernel.program import Ints

GHOSTS, DICTIONARY = "ghosts.arrow", "dictionary.json"


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
    """

    generation: str
    columns: tuple[str, ...]
    buckets: int
    rows: int
    watermark: int
    compacted: int
    delta: str = ""
    delta_rows: int = 0


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
        self._buckets: dict[int, Bucket] = {}
        self._overlays: dict[int, Bucket] = {}

    @cached_property
    def dictionary(self) -> Dictionary:
        """The texts of its columns."""
        return Dictionary.read(self.folder / (self.state.delta or self.state.generation) / DICTIONARY)

    @cached_property
    def ghosts(self) -> Rows:
        """Versions beside the buckets that are never seen."""
        path = self.folder / self.state.generation / GHOSTS
        return map_bucket(path).as_rows() if path.exists() else empty_like(self.bucket(0).columns)

    @cached_property
    def delta(self) -> Delta:
        """What has arrived since the buckets were written."""
        return Delta.read(self.folder / self.state.delta) if self.state.delta else Delta.nothing(self.ghosts)

    @cached_property
    def _touched(self) -> Ints:
        return self.delta.entities

    def bucket(self, number: int) -> Bucket:
        """One bucket as it was written, mapped on first use."""
        if number not in self._buckets:
            self._buckets[number] = map_bucket(self.folder / self.state.generation / f"bucket-{number:05d}.arrow")
        return self._buckets[number]

    def buckets(self) -> list[Bucket]:
        """All buckets as they were written."""
        return [self.bucket(number) for number in range(self.state.buckets)]

    def pieces(self, entities: Ints) -> Iterator[tuple[Bucket, np.ndarray]]:
        """The buckets in which some entities' rows lie as they stand now, and which of `entities` each holds."""
        numbers = entities % self.state.buckets
        touched = np.isin(entities, self._touched)
        for number in np.unique(numbers).tolist():
            chosen = numbers == number
            if (chosen & ~touched).any():
                yield self.bucket(number), chosen & ~touched
            if (chosen & touched).any():
                yield self._overlay(number), chosen & touched

    def _overlay(self, number: int) -> Bucket:
        if number not in self._overlays:
            touched = self._touched[self._touched % self.state.buckets == number]
            self._overlays[number] = overlay(self.bucket(number), number, self.delta, touched)
        return self._overlays[number]

    @property
    def entities(self) -> Ints:
        """Every entity that has rows, ascending."""
        return np.unique(np.concatenate([self._touched, *(bucket.entities for bucket in self.buckets())]))

    def touched_since(self, watermark: int) -> Ints:
        """The entities of every fact that has a version beyond `watermark`, wherever its versions lie."""
        if self.state.watermark <= watermark:
            return np.zeros(0, np.int64)
        if self.state.compacted <= watermark:
            later = [rows["entity"][rows["seq"] > watermark] for rows in (self.delta.seen, self.delta.ghosts)]
            touched = np.unique(np.concatenate([*later, self.delta.patches["entity"]]))
        else:
            rows = self.versions()
            facts = np.unique(rows["fact"][rows["seq"] > watermark])
            touched = np.unique(rows["entity"][np.isin(rows["fact"], facts)])
        return touched[touched >= 0]

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

    def versions(self) -> Rows:
        """Every version that arrived, seen or not, without the moment of supersession."""
        parts = [*(bucket.as_rows() for bucket in self.buckets()), self.ghosts, self.delta.seen, self.delta.ghosts]
        names = [name for name in self.ghosts if name != "superseded_at"]
        return concatenate([{name: part[name] for name in names} for part in parts])


class Logs(Protocol):
    """Where logs are read: the history of a workspace, or an export of it."""

    def reader(self, log: Log) -> LogReader:
        """A reader of the log as it stands now."""


class FrozenReader(LogReader):
    """A log as it stood when only rows up to a watermark had arrived, in memory.

    Parameters
    ----------
    reader : LogReader
    watermark : int
    """

    def __init__(self, reader: LogReader, watermark: int) -> None:
        super().__init__(reader.log, reader.state, reader.folder)
        versions = take(reader.versions(), np.flatnonzero(reader.versions()["seq"] <= watermark))
        versions["superseded_at"] = superseded_at(versions, reader.log, reader.state.columns, reader.dictionary)
        self._whole = bucket_of(sort(take(versions, versions["gone"] == 0)))

    def pieces(self, entities: Ints) -> Iterator[tuple[Bucket, np.ndarray]]:
        """One bucket that holds all."""
        yield self._whole, np.ones(len(entities), bool)


def write_log(
    log: Log, versions: Rows, columns: tuple[str, ...], dictionary: Dictionary, folder: Path, bucket_rows: int
) -> tuple[int, int]:
    """Write every version that arrived as a new generation; returns the numbers of buckets and of rows."""
    folder.mkdir(parents=True)
    rows = versions | {"superseded_at": superseded_at(versions, log, columns, dictionary)}
    rows = {name: rows[name] for name in ("entity", *TIMES, *SYSTEM[1:], *columns)}
    seen = rows["gone"] == 0
    if not seen.all():
        write_rows(take(rows, ~seen), folder / GHOSTS)
    rows = sort(take(rows, seen))
    buckets = max(1, -(-count(rows) // bucket_rows))
    for number in range(buckets):
        part = rows if buckets == 1 else take(rows, rows["entity"] % buckets == number)
        write_rows(part, folder / f"bucket-{number:05d}.arrow")
    dictionary.save(folder / DICTIONARY)
    return buckets, count(rows)
