"""Arrival: new versions of a log, batch by batch, into its delta or, when they are many, into a new generation."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from features.declare.log import Log
from features.history.build import Builder
from features.history.dictionary import Dictionary
from features.history.extend import extend
from features.history.files import boot
from features.history.log import DICTIONARY, LogReader, LogState
from features.history.rows import SYSTEM, TIMES, Rows, concatenate, count, extract

COMPACT_SHARE = 5  # a delta may hold one version for so many rows of the buckets


@dataclass(frozen=True)
class Sizes:
    """How large the parts of a history become.

    Attributes
    ----------
    compact_rows : int
        A log's delta is merged into its buckets once it has more versions than this and than a part of its rows, or
        more than fit into an eighth of the memory.
    bucket_rows : int
        About how many rows a bucket has.
    memory : int
        Bytes of working memory.
    """

    compact_rows: int
    bucket_rows: int
    memory: int


class Arrival:
    """One log while it is brought up to date; what is on disk stays as it is until `finish` has been committed.

    Parameters
    ----------
    log : Log
    state : LogState or None
        As it stands.
    columns : tuple of str
        Its value columns.
    folder : Path
        The log's folder.
    sizes : Sizes
    """

    def __init__(self, log: Log, state: LogState | None, columns: tuple[str, ...], folder: Path, sizes: Sizes) -> None:
        self.log, self.columns, self.rows = log, columns, 0
        self._folder, self._sizes = folder, sizes
        self._name = f"{os.getpid()}-{time.time_ns()}"
        self._old = None if state is None else LogReader(log, state, folder)
        self._dictionary = Dictionary() if self._old is None else self._old.dictionary
        self._fresh: list[Rows] = []
        self._size = 0 if state is None else state.delta_rows
        self._builder: Builder | None = None

    def add(self, table: pa.Table) -> None:
        """Take in versions as they are in the records."""
        self.rows += table.num_rows
        fresh = extract(table, self.log, self.columns, self._dictionary)
        self._size += count(fresh)
        if self._builder is None and (self._old is None or self._size > self._limit):
            self._builder = self._build()
            for rows in self._fresh:
                self._builder.add(rows)
            self._fresh = []
        if self._builder is None:
            self._fresh.append(fresh)
        else:
            self._builder.add(fresh)

    def finish(self, watermark: int) -> LogState:
        """Write what there is; the state that stands for it."""
        if self._builder is not None or self._old is None:
            self._builder = self._builder or self._build()
            buckets, rows = self._builder.finish()
            generation = f"g{self._name}"
            return LogState(generation, self.columns, buckets, rows, watermark, watermark, boot=boot())
        return self._extended(self._old, watermark)

    def _extended(self, old: LogReader, watermark: int) -> LogState:
        state = replace(old.state, watermark=watermark)
        if old.is_suspect:
            old.verify()
            state = replace(state, boot="")  # what outlived a start of the machine is on the disk
        if not self.rows:
            return state
        delta = extend(old, concatenate(self._fresh), self.columns, self._dictionary)
        delta.write(self._folder / f"d{self._name}")
        self._dictionary.save(self._folder / f"d{self._name}" / DICTIONARY)
        return replace(state, delta=f"d{self._name}", delta_rows=self._size)

    def abandon(self) -> None:
        """Remove what was written and will not be committed."""
        if self._builder is not None:
            self._builder.abandon()
        for kind in "gd":
            shutil.rmtree(self._folder / f"{kind}{self._name}", ignore_errors=True)

    @property
    def _limit(self) -> int:
        rows = 0 if self._old is None else self._old.state.rows
        wanted = max(self._sizes.compact_rows, rows // COMPACT_SHARE)
        return min(wanted, self._sizes.memory // (64 * (len(TIMES) + len(SYSTEM) + len(self.columns))))

    def _build(self) -> Builder:
        folder = self._folder / f"g{self._name}"
        sizes = self._sizes
        builder = Builder(self.log, self.columns, self._dictionary, folder, sizes.bucket_rows, sizes.memory)
        if self._old is not None:
            builder.continue_from(self._old)
        return builder
