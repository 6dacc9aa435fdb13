"""Buckets on disk: one Arrow file each, whose columns lie one after the other and are mapped, not read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from features import kernel
from features.errors import HistoryError
from features.history.rows import Rows
from features.kernel.program import Ints

SUM = b"sum"


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
    """Write rows as an Arrow file with one batch and the sum of its words.

    Parameters
    ----------
    rows : Rows
    path : Path
    sync : bool
        Whether to push it to the disk before returning.
    """
    batch = pa.record_batch({name: pa.array(values) for name, values in rows.items()})
    batch = batch.replace_schema_metadata({SUM: str(_sum(rows))})
    with path.open("wb") as file:
        with pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        file.flush()
        if sync:
            os.fsync(file.fileno())


def map_bucket(path: Path, *, check: bool = False) -> Bucket:
    """Map a file that `write_rows` wrote.

    Parameters
    ----------
    path : Path
    check : bool
        Whether to read all of it and compare the sum of its words.

    Raises
    ------
    HistoryError
        If the file is missing, cut short, not ours, or changed.
    """
    try:
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
        if check and int(reader.schema.metadata[SUM]) != _sum(bucket.as_rows()):
            raise OSError("its content is not what was written")
    except (OSError, pa.ArrowInvalid) as error:
        raise HistoryError(
            f"the history part {path} cannot be read ({str(error).splitlines()[0]}); an Arrow file written by Rapport "
            f"is expected; run rapport materialize --rebuild {_log_of(path)}, which builds this log again from the "
            "records; all others can be used"
        ) from error
    return bucket


def _sum(rows: Rows) -> int:
    return sum(int(np.add.reduce(values.view(np.uint64), dtype=np.uint64)) for values in rows.values()) % 2**64


def _log_of(path: Path) -> str:
    return path.parent.parent.name


@cache
def boot() -> str:
    """Names the time since this machine last started, empty where that cannot be told.

    What was written since then cannot have been lost, so that large files need not be pushed to the disk at once.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
