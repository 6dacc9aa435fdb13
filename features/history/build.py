"""Building a generation of a log from its versions, in bounded memory: cut by bucket, superseded, sorted, written."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np

from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.history.files import boot, write_rows
from features.history.log import DICTIONARY, GHOSTS, LogReader
from features.history.rows import SYSTEM, TIMES, Rows, concatenate, count, empty_like, sort, take
from features.history.runs import PARTS, Runs
from features.history.supersede import superseded_at
from features.kernel.codes import FOREVER
from features.kernel.program import Ints

RUN = 2**20  # the most rows that are cut at a time
THREADS = 2
_MARKS = 24  # bits of a fact's mark
_MIX = np.uint64(11400714819323198485)


class Builder:
    """Takes in the versions of a log in any order and writes a generation.

    Beside the versions of facts that have several, which are held together once more, memory is that of the runs
    that are kept and of the buckets being written.

    Parameters
    ----------
    log : Log
    columns : tuple of str
    dictionary : Dictionary
    folder : Path
        The generation's, made here.
    bucket_rows : int
        About how many rows a bucket has.
    memory : int
        Bytes.
    """

    def __init__(
        self, log: Log, columns: tuple[str, ...], dictionary: Dictionary, folder: Path, bucket_rows: int, memory: int
    ) -> None:
        folder.mkdir(parents=True)
        self._log, self._columns, self._dictionary, self._folder = log, columns, dictionary, folder
        self._bucket_rows = bucket_rows
        self._words = memory // 32  # a quarter of the memory for runs, as much for versions held together
        self._names = ("entity", *TIMES, *SYSTEM[1:], *columns)
        self._run = min(RUN, max(memory // (64 * len(self._names)), 10_000))  # an eighth of the memory
        self._runs = Runs(folder / "runs", self._names, self._words)
        self._waiting: list[Rows] = []
        self._ghosts: list[Rows] = [empty_like(self._names)]
        self._marks = np.zeros(0, bool)

    def add(self, rows: Rows) -> None:
        """Take in versions: fresh ones, with ``version``, or those of a generation, with ``superseded_at``."""
        later = rows["version"] > 1 if "version" in rows else rows["superseded_at"] != FOREVER
        if later.any():
            self.mark(rows["fact"][later])
        rows = {name: rows.get(name, rows["entity"]) for name in self._names}
        gone = rows["gone"] != 0
        if gone.any():
            self._ghosts.append(_fresh(take(rows, gone)))
            self.mark(rows["fact"][gone])
            rows = take(rows, ~gone)
        self._waiting.append(rows)
        if sum(map(count, self._waiting)) >= self._run:
            self._cut()

    def mark(self, facts: Ints) -> None:
        """Say which facts have several versions; some others may be taken for such, which does no harm."""
        if not len(self._marks):
            self._marks = np.zeros(2**_MARKS, bool)
        self._marks[_place(facts)] = True

    def continue_from(self, reader: LogReader) -> None:
        """Take in every version of the present generation and its delta."""
        patches = reader.delta.patches
        for number in range(reader.state.buckets):
            bucket = reader.bucket(number)
            self.add(bucket.as_rows())
            patched = patches["row"][patches["bucket"] == number]
            if len(patched):
                self.mark(bucket.column("fact")[patched])
        for rows in (reader.ghosts, reader.delta.seen, reader.delta.ghosts):
            self.add(rows)

    def finish(self) -> tuple[int, int]:
        """Write the generation; the numbers of buckets and of rows."""
        self._cut()
        self._runs.close()
        ghosts = concatenate(self._ghosts)
        if self._log.rule == "fact":
            self._supersede(ghosts)
        if count(ghosts):
            write_rows(ghosts, self._folder / GHOSTS)
        buckets = 1
        while buckets * self._bucket_rows < len(self._runs) and buckets < PARTS:
            buckets *= 2
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(lambda number: self._write(number, buckets, ghosts), range(buckets)):
                pass
        shutil.rmtree(self._folder / "runs", ignore_errors=True)
        self._dictionary.save(self._folder / DICTIONARY)
        return buckets, len(self._runs)

    def abandon(self) -> None:
        """Stop; what was written is left to whoever named the folder."""
        self._runs.close()

    def _cut(self) -> None:
        if self._waiting or not len(self._runs):
            self._runs.add(list(map(_fresh, self._waiting or [empty_like(self._names)])))
            self._waiting = []

    def _write(self, number: int, buckets: int, ghosts: Rows) -> None:
        rows = self._runs.bucket(number, buckets)
        if self._log.rule == "state":
            rows["superseded_at"] = self._ends_of_states(rows, ghosts)
        write_rows(sort(rows), self._folder / f"bucket-{number:05d}.arrow", sync=not boot())

    def _ends_of_states(self, rows: Rows, ghosts: Rows) -> Ints:
        """Supersession of states, which are all of one entity, and retractions, which lie wherever they like."""
        retractions = take(ghosts, (ghosts["gone"] == 2) & np.isin(ghosts["fact"], rows["fact"]))
        together = concatenate([rows, retractions])
        return superseded_at(together, self._log, self._columns, self._dictionary)[: count(rows)]

    def _supersede(self, ghosts: Rows) -> None:
        """Supersession of facts that have several versions, wherever these lie."""
        if not len(self._marks):
            return
        size = sum(int(self._marks[_place(rows["fact"])].sum()) for rows in chain(self._runs.open(), [ghosts]))
        passes = -(-size * len(self._names) // max(self._words, 2**16))
        for number in range(passes):
            shares = chain(self._runs.open(), [ghosts])
            parts = [take(rows, self._marked(rows["fact"], number, passes)) for rows in shares]
            ends = superseded_at(concatenate(parts), self._log, self._columns, self._dictionary)
            begin = 0
            for rows in chain(self._runs.open(), [ghosts]):
                places = self._marked(rows["fact"], number, passes)
                rows["superseded_at"][places] = ends[begin : begin + len(places)]
                begin += len(places)

    def _marked(self, facts: Ints, number: int, passes: int) -> Ints:
        """The places of one share of the facts that have several versions."""
        places = _place(facts)
        return np.flatnonzero(self._marks[places] & (places % passes == number))


def _fresh(rows: Rows) -> Rows:
    return rows | {"superseded_at": np.full(count(rows), FOREVER, np.int64)}


def _place(facts: Ints) -> np.ndarray:
    """The place of each fact among the marks."""
    mixed: np.ndarray = (np.ascontiguousarray(facts).view(np.uint64) * _MIX) >> np.uint64(64 - _MARKS)
    return mixed
