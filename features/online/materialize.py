"""Materializing: from history to packed states, all of them or only what new rows have touched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crm.clock import now
from features.history.log import LogReader
from features.kernel.program import Ints
from features.online.pack import layout_of, pack
from features.online.protocol import OnlineStore, Packed, Stamp

Progress = Callable[[str, int, int], None]


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
    """Bring the states of one kind of entity up to date.

    Parameters
    ----------
    store : OnlineStore
    entity : str
    readers : sequence of LogReader
        Its logs.
    numbers : pa.Table
        ``id`` int64, ``number`` string of every entity.
    as_of : int or None
        The moment that questions mean which name none.

    Returns
    -------
    (int, bool, int)
        States written, whether all were written anew, the watermark.
    """
    layout = layout_of(readers).to_json()
    texts = json.dumps({reader.log.name: reader.dictionary.texts for reader in readers}, ensure_ascii=False)
    watermark = min((reader.state.watermark for reader in readers), default=0)
    before = store.stamp(entity)
    full = before is None or before.layout != layout or not _continues(before.texts, texts)
    layout_id = time.time_ns() if before is None or full else before.layout_id
    stamp = Stamp(layout, layout_id, texts, watermark, now(), as_of)
    if before is None or full:
        store.replace(entity, stamp, _counted(pack(readers, layout_id, *_numbers(numbers)), entity, numbers, progress))
        return numbers.num_rows, True, watermark
    found = [reader.touched_since(before.watermark) for reader in readers]
    touched = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    chosen = numbers.filter(pc.is_in(numbers.column("id"), pa.array(touched)))
    removed = np.setdiff1d(touched, chosen.column("id").to_numpy())
    rows = _counted(pack(readers, layout_id, *_numbers(chosen)), entity, chosen, progress)
    store.update(entity, stamp, rows, removed.tolist())
    return chosen.num_rows, False, watermark


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


def _numbers(numbers: pa.Table) -> tuple[Ints, list[str]]:
    return numbers.column("id").to_numpy(), numbers.column("number").to_pylist()


def _counted(rows: Iterator[Packed], entity: str, numbers: pa.Table, progress: Progress | None) -> Iterator[Packed]:
    for done, row in enumerate(rows):
        if progress is not None and done % 1_000 == 0:
            progress(entity, done, numbers.num_rows)
        yield row
