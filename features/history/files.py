"""Buckets on disk: one Arrow file each, whose columns lie one after the other and are mapped, not read."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from features import kernel
from features.errors import unreadable
from features.history.rows import Rows
from features.kernel.program import Ints

SUM = b"sum"
SECOND = 1_000_000_000
_CHECKED: dict[Path, tuple[int, int]] = {}  # size and time of parts without a seal that were read once


@dataclass(frozen=True)
class Bucket:
    """Some entities' rows of one log, sorted, as one buffer of words.

    Attributes
    ----------
    words : int64[]
        The buffer.
    columns : dict of str to int
        Where each column begins in it.
    rows : int
    """

    words: Ints
    columns: dict[str, int]
    rows: int

    def column(self, name: str) -> Ints:
        """One column, without a copy."""
        begin = self.columns[name]
        return self.words[begin : begin + self.rows]

    def as_rows(self) -> Rows:
        """All columns by name."""
        return {name: self.column(name) for name in self.columns}

    @cached_property
    def _index(self) -> tuple[Ints, Ints]:
        entities = self.column("entity")
        starts = kernel.load().run_starts(entities) if self.rows else np.zeros(1, np.int64)
        return entities[starts[:-1]], starts

    @property
    def entities(self) -> Ints:
        """The entities that have rows, ascending."""
        return self._index[0]

    def bounds(self, entities: Ints) -> Ints:
        """First and last row (exclusive) of each entity; equal where it has none. int64[len(entities), 2]."""
        known, starts = self._index
        answer = np.zeros((len(entities), 2), np.int64)
        if len(known):
            place = np.minimum(np.searchsorted(known, entities), len(known) - 1)
            found = known[place] == entities
            answer[found, 0] = starts[place[found]]
            answer[found, 1] = starts[place[found] + 1]
        return answer


def bucket_of(rows: Rows) -> Bucket:
    """Rows in memory as a bucket."""
    size = len(rows["entity"])
    words = np.concatenate([np.asarray(values) for values in rows.values()])
    words.setflags(write=False)  # mapped buffers are read-only too: one compiled kernel for both
    return Bucket(words, {name: i * size for i, name in enumerate(rows)}, size)


def write_rows(rows: Rows, path: Path, *, sync: bool = True) -> None:
    """Write rows as an Arrow file with one batch and the sum of its words, and seal it by its time.

    The fraction of a second in the file's time follows from the sum, so that equal rows are equal bytes, and whoever
    changes the file later moves it.

    Parameters
    ----------
    rows : Rows
    path : Path
    sync : bool
        Whether to push it to the disk before returning.
    """
    batch = pa.record_batch({name: pa.array(values) for name, values in rows.items()})
    total = _sum(rows)
    batch = batch.replace_schema_metadata({SUM: str(total)})
    with path.open("wb") as file:
        with pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        file.flush()
        if sync:
            os.fsync(file.fileno())
    sealed = time.time_ns() // SECOND * SECOND + _seal(total)
    os.utime(path, ns=(sealed, sealed))


def map_bucket(path: Path, *, check: bool = False) -> Bucket:
    """Map a file that `write_rows` wrote; one without its seal is compared with its sum.

    Parameters
    ----------
    path : Path
    check : bool
        Whether to read all of it and compare the sum of its words, whatever its time.

    Raises
    ------
    HistoryError
        If the file is missing, cut short, not ours, or changed.
    """
    try:
        found = path.stat()
        with pa.memory_map(str(path)) as source:
            whole = source.read_buffer()
        reader = pa.ipc.open_file(pa.BufferReader(whole))
        batch = reader.get_batch(0)
        words = np.frombuffer(whole, np.int64, count=whole.size // 8)
        columns = {
            name: (batch.column(i).buffers()[1].address - whole.address) // 8
            for i, name in enumerate(batch.schema.names)
        }
        bucket = Bucket(words, columns, batch.num_rows)
        told, stands = reader.schema.metadata or {}, (found.st_size, found.st_mtime_ns)
        is_sealed = found.st_mtime_ns % SECOND == _seal(int(told.get(SUM, 0)))
        if check or not (is_sealed or _CHECKED.get(path) == stands):
            if told.get(SUM) != str(_sum(bucket.as_rows())).encode():
                raise OSError("its content is not what was written")
            _CHECKED[path] = stands  # a copy stays without: once in a process is enough
    except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
        raise unreadable(path, error, "an Arrow file") from error
    return bucket


def _sum(rows: Rows) -> int:
    return sum(int(np.add.reduce(values.view(np.uint64), dtype=np.uint64)) for values in rows.values()) % 2**64


def _seal(total: int) -> int:
    """Nanoseconds that the time of a file with a sum has beyond its second: whole microseconds, as disks keep them.

    Never 0, so that a file whose time was cut to seconds is one without a seal.
    """
    return (1 + total % 999_999) * 1_000


@cache
def boot() -> str:
    """Names the time since this machine last started, empty where that cannot be told.

    What was written since then cannot have been lost, so that large files need not be pushed to the disk at once.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
