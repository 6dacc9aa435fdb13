"""Materializing: from history to packed states, all of them or only what new rows have touched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crm.clock import now
from features.history.changes import Tail, touched_since
from features.history.log import LogReader
from features.kernel.program import Ints
from features.online.pack import layout_of, pack
from features.online.protocol import OnlineStore, Packed, Stamp

Progress = Callable[[str, int, int], None]
Numbers = Callable[[], pa.Table]
TAIL_ROWS, TAIL_SHARE = 16, 4  # a tail may have so many rows, and one more for so many rows of its base


@dataclass(frozen=True)
class MaterializeReport:
    """What a materialization wrote.

    Attributes
    ----------
    entities : dict of str to int
        States written, by kind of entity.
    watermark : int
    full : dict of str to bool
        Whether all states were written anew.
    seconds : float
    """

    entities: dict[str, int]
    watermark: int
    full: dict[str, bool]
    seconds: float


def materialize(
    store: OnlineStore,
    entity: str,
    readers: Sequence[LogReader],
    numbers: pa.Table,
    as_of: int | None,
    progress: Progress | None = None,
) -> tuple[int, bool, int]:
    """Bring the states of one kind of entity up to its history; see `Task`.

    Returns
    -------
    (int, bool, int)
        States written, whether all were written anew, the watermark.
    """
    task = Task(store, entity, readers, numbers, as_of, progress)
    return *task.run(), task.watermark


@dataclass(frozen=True)
class Task:
    """Bringing the states of one kind of entity up to its history.

    Attributes
    ----------
    store : OnlineStore
    entity : str
    readers : sequence of LogReader
        Its logs, all up to one arrival number.
    numbers : pa.Table
        ``id`` int64, ``number`` string of every entity.
    as_of : int or None
        The moment that questions mean which name none.
    progress : callable or None
    """

    store: OnlineStore
    entity: str
    readers: Sequence[LogReader]
    numbers: pa.Table
    as_of: int | None
    progress: Progress | None = None

    @property
    def watermark(self) -> int:
        """Greatest arrival number of the history."""
        return min((reader.state.watermark for reader in self.readers), default=0)

    def run(self) -> tuple[int, bool]:
        """Write what is needed: how many states, and whether all were written anew.

        Raises
        ------
        OvertakenError
            If another process has written meanwhile.
        """
        before = self.store.stamp(self.entity)
        layout = layout_of(self.readers).to_json()
        texts = json.dumps({item.log.name: item.dictionary.texts for item in self.readers}, ensure_ascii=False)
        stamp = Stamp(time.time_ns(), layout, texts, self.watermark, now(), self.as_of)
        after = 0 if before is None else before.token
        if before is None or before.layout != layout or not _continues(before.texts, texts):
            self.store.replace(self.entity, after, stamp, self._counted(self._bases(self.numbers), self.numbers))
            return self.numbers.num_rows, True
        found = [touched_since(reader, before.watermark) for reader in self.readers]
        touched = _union([item.entities for item in found])
        chosen = self.numbers.filter(pc.is_in(self.numbers.column("id"), pa.array(touched))).sort_by("id")
        removed = np.setdiff1d(touched, chosen.column("id").to_numpy())
        rows = self._fresh(chosen, _union([item.altered for item in found]))
        self.store.update(self.entity, after, stamp, self._counted(rows, chosen), removed.tolist())
        return chosen.num_rows, False

    def _bases(self, numbers: pa.Table) -> Iterator[Packed]:
        """Whole states."""
        ids, keys, mark = numbers.column("id").to_numpy(), numbers.column("number").to_pylist(), self.watermark
        for key, number, base in zip(keys, ids.tolist(), pack(self.readers, ids), strict=True):
            yield Packed(key, number, mark, base)

    def _fresh(self, numbers: pa.Table, altered: Ints) -> Iterator[Packed]:
        """Tails where new rows follow the old ones, whole states for the rest."""
        ids, keys = numbers.column("id").to_numpy(), numbers.column("number").to_pylist()
        held = self.store.marks(self.entity, ids)
        marks = np.array([held.get(number, (-1, ""))[0] for number in ids.tolist()], np.int64)
        # a new number is written with its base
        same = [held.get(number, (-1, ""))[1] == key for number, key in zip(ids.tolist(), keys, strict=True)]
        tails = [Tail(reader, ids, marks) for reader in self.readers]
        added, before = sum(item.added for item in tails), sum(item.before for item in tails)
        short = np.asarray(added <= TAIL_ROWS + before // TAIL_SHARE)
        follows = np.logical_and.reduce([item.follows for item in tails])
        chosen = follows & short & ~np.isin(ids, altered) & (marks >= 0) & np.array(same, bool)
        return chain(
            self._tails(tails, numbers.filter(pa.array(chosen))), self._bases(numbers.filter(pa.array(~chosen)))
        )

    def _tails(self, tails: Sequence[Tail], numbers: pa.Table) -> Iterator[Packed]:
        """Only what follows the bases that are there."""
        ids, keys = numbers.column("id").to_numpy(), numbers.column("number").to_pylist()
        for key, number, tail in zip(keys, ids.tolist(), pack(tails, ids), strict=True):
            yield Packed(key, number, -1, None, tail)

    def _counted(self, rows: Iterator[Packed], numbers: pa.Table) -> Iterator[Packed]:
        for done, row in enumerate(rows):
            if self.progress is not None and done % 1_000 == 0:
                self.progress(self.entity, done, numbers.num_rows)
            yield row


def _union(parts: Sequence[Ints]) -> Ints:
    united: Ints = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
    return united


def _continues(before: str, after: str) -> bool:
    """Whether every dictionary begins with what it held before, so that old codes stay right."""
    if before == after:
        return True
    old, new = json.loads(before), json.loads(after)
    return all(
        new.get(log, {}).get(column, [])[: len(texts)] == texts
        for log, columns in old.items()
        for column, texts in columns.items()
    )
