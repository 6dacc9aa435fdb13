"""Materializing: from history to packed states, all of them or only what new rows have touched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa

from crm.clock import now
from features.declare.log import Log
from features.entity import Entity
from features.history.changes import Tail, touched_since
from features.history.log import LogReader
from features.history.store import History
from features.kernel.program import Ints
from features.online.pack import layout_of, pack
from features.online.protocol import OnlineStore, OvertakenError, Packed, Stamp

Progress = Callable[[str, int, int], None]
Packing = Callable[[Sequence[LogReader], Ints], Iterator[memoryview]]
Texts = dict[str, dict[str, list[str]]]
TURNS = 10  # attempts beside writers of other workspaces
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
    history: History,
    entity: Entity,
    logs: Sequence[Log],
    as_of: int | None,
    progress: Progress | None = None,
    packing: Packing = pack,
    *,
    anew: bool = False,
) -> Written:
    """Bring the states of one kind of entity up to the history of its logs; one writer at a time.

    Parameters
    ----------
    store : OnlineStore
    history : History
    entity : Entity
    logs : sequence of Log
    as_of : int or None
        The moment that questions mean which name none.
    progress : callable, optional
    packing : callable
        Packs whole states: `pack`, or that of another home.
    anew : bool
        Pack every state again, whatever was touched.

    Raises
    ------
    OvertakenError
        If writers of other workspaces come in between again and again.

    Notes
    -----
    A run that is killed leaves the old states. The next one keeps what was built of the history, but packs and writes
    all states that are due again from the first: a full write takes seconds for 100,000 entities, less than it would
    cost to keep account of half a generation that a newer arrival may have made stale.
    """
    with history.alone():
        for turn in range(TURNS):
            try:
                return _Turn(store, history, entity.name, history.readers(logs), as_of, progress, packing, anew).run()
            except OvertakenError:
                if turn + 1 == TURNS:
                    raise
    raise AssertionError("unreachable")


@dataclass(frozen=True)
class Written:
    """What was written for one kind of entity: states, whether all of them, up to which arrival."""

    states: int
    is_full: bool
    watermark: int


@dataclass(frozen=True)
class _Turn:
    """One attempt, from the stamp that is there to the next one."""

    store: OnlineStore
    history: History
    entity: str
    readers: Sequence[LogReader]
    as_of: int | None
    progress: Progress | None
    packing: Packing
    anew: bool

    @property
    def watermark(self) -> int:
        return min((reader.state.watermark for reader in self.readers), default=0)

    def run(self) -> Written:
        before = self.store.stamp(self.entity)
        if before is not None and self.watermark < before.watermark <= self.history.keys.watermark():
            return Written(0, False, before.watermark)  # the history is behind what others have written
        layout = layout_of(self.readers).to_json()
        texts = json.dumps({item.log.name: item.dictionary.texts for item in self.readers}, ensure_ascii=False)
        stamp = Stamp(time.time_ns(), layout, texts, self.watermark, now(), self.as_of)
        if before is None or self.anew or not self._continues(before, stamp):
            numbers = self.history.keys.numbers(self.entity)
            after = 0 if before is None else before.token
            self.store.replace(self.entity, after, stamp, self._counted(self._bases(numbers), numbers))
            return Written(numbers.num_rows, True, self.watermark)
        found = [touched_since(reader, before.watermark) for reader in self.readers]
        touched = _union([item.entities for item in found])
        chosen = self.history.keys.numbers(self.entity, touched.tolist()).sort_by("id")
        removed = np.setdiff1d(touched, chosen.column("id").to_numpy())
        rows = self._fresh(chosen, _union([item.altered for item in found]))
        self.store.update(self.entity, before.token, stamp, self._counted(rows, chosen), removed.tolist())
        return Written(chosen.num_rows, False, self.watermark)

    def _continues(self, before: Stamp, stamp: Stamp) -> bool:
        """Whether the states that are there stay right: of the same layout, not ahead, their codes unchanged."""
        if before.layout != stamp.layout or before.watermark > stamp.watermark:
            return False
        return before.texts == stamp.texts or _begins(json.loads(before.texts), json.loads(stamp.texts))

    def _bases(self, numbers: pa.Table) -> Iterator[Packed]:
        """Whole states."""
        ids, keys, mark = numbers.column("id").to_numpy(), numbers.column("number").to_pylist(), self.watermark
        for key, number, base in zip(keys, ids.tolist(), self.packing(self.readers, ids), strict=True):
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
        """The same rows, each thousand of them told to who wants to know of the progress."""
        return rows if self.progress is None else self._told(rows, numbers.num_rows, self.progress)

    def _told(self, rows: Iterator[Packed], total: int, progress: Progress) -> Iterator[Packed]:
        for done, row in enumerate(rows):
            if done % 1_000 == 0:
                progress(self.entity, done, total)
            yield row


def _union(parts: Sequence[Ints]) -> Ints:
    united: Ints = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
    return united


def _begins(old: Texts, new: Texts) -> bool:
    """Whether every dictionary begins with what it held before."""
    return all(
        new.get(log, {}).get(column, [])[: len(texts)] == texts
        for log, columns in old.items()
        for column, texts in columns.items()
    )
