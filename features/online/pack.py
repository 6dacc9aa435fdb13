"""Packed states: all logs of one entity as one row of words.

Word 0 is the id of the entity, word 1 the number of logs; then, for each log, its rows and where its columns begin;
then the columns, one after the other: occurred_at, known_at, superseded_at, values by name. The rows of a tail, packed
in the same way, follow those of its base.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from features import kernel
from features.declare.log import Log
from features.history.log import LogReader
from features.history.rows import TIMES
from features.kernel.program import Ints

CHUNK = 8_192  # entities packed at a time,
WORDS = 2**22  # and at most so many words of them, unless one alone has more


@dataclass(frozen=True)
class Layout:
    """Which logs a packed state holds, in order, and their columns.

    Attributes
    ----------
    logs : tuple of (str, tuple of str)
    """

    logs: tuple[tuple[str, tuple[str, ...]], ...]

    def to_json(self) -> str:
        """As text."""
        return json.dumps(self.logs)

    @classmethod
    def read(cls, text: str) -> Layout:
        """From `to_json`."""
        return cls(tuple((name, tuple(columns)) for name, columns in json.loads(text)))

    def place(self, log: Log, column: str) -> tuple[int, int]:
        """The place of a log, and of a column in it; KeyError where the layout has none."""
        for place, (name, columns) in enumerate(self.logs):
            if name == log.name:
                if column not in columns:
                    break
                return place, columns.index(column)
        raise KeyError(f"{log.name}.{column}")


def layout_of(readers: Sequence[LogReader]) -> Layout:
    """The layout of states that hold these logs."""
    return Layout(tuple((item.log.name, (*TIMES, *item.state.columns)) for item in readers))


def pack(readers: Sequence[LogReader], ids: Ints) -> Iterator[memoryview]:
    """The packed state of each of some entities, in order, some thousand at a time.

    Parameters
    ----------
    readers : sequence of LogReader
        One for each log of the layout, in order.
    ids : int64[E]
    """
    for begin in range(0, len(ids), CHUNK):
        for words, starts in _packed(readers, ids[begin : begin + CHUNK]):
            view = memoryview(words.view(np.uint8).data)
            for first, last in pairwise((8 * starts).tolist()):
                yield view[first:last]


def whole(base: bytes, tail: bytes | None) -> memoryview:
    """One packed state out of a base and the tail that follows it."""
    if tail is None:
        return memoryview(base)
    joined: Ints = kernel.load().join_rows(np.frombuffer(base, np.int64), np.frombuffer(tail, np.int64))
    return memoryview(joined.view(np.uint8).data).toreadonly()


def _packed(readers: Sequence[LogReader], ids: Ints) -> Iterator[tuple[Ints, Ints]]:
    """States one after the other, and where each begins; in halves where they are too many words."""
    head = 2 + 2 * len(readers)
    widths = np.array([len(TIMES) + len(reader.state.columns) for reader in readers], np.int64)
    pieces = [[(bucket, chosen, bucket.bounds(ids[chosen])) for bucket, chosen in item.pieces(ids)] for item in readers]
    rows = np.zeros((len(readers), len(ids)), np.int64)
    for place, parts in enumerate(pieces):
        for _, chosen, bounds in parts:
            rows[place, chosen] = bounds[:, 1] - bounds[:, 0]
    sizes = rows * widths[:, None]
    offsets = head + np.cumsum(sizes, axis=0) - sizes
    starts = np.concatenate([[0], np.cumsum(head + sizes.sum(axis=0))]).astype(np.int64)
    if starts[-1] > WORDS and len(ids) > 1:
        half = len(ids) // 2
        yield from chain(_packed(readers, ids[:half]), _packed(readers, ids[half:]))
        return
    words = np.empty(int(starts[-1]), np.int64)
    words[starts[:-1]] = ids
    words[starts[:-1] + 1] = len(readers)
    for place, (reader, parts) in enumerate(zip(readers, pieces, strict=True)):
        words[starts[:-1] + 2 + 2 * place] = rows[place]
        words[starts[:-1] + 3 + 2 * place] = offsets[place]
        begins = starts[:-1] + offsets[place]
        for bucket, chosen, bounds in parts:
            columns = np.array([bucket.columns[name] for name in (*TIMES, *reader.state.columns)], np.int64)
            kernel.load().pack_rows(bucket.words, columns, bounds, words, begins[chosen])
    yield words, starts
