"""The offline home: columns for a spine, bucket by bucket, on all cores, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from features import kernel
from features.declare.aggregate import Aggregate
from features.declare.log import Log
from features.history.files import Bucket
from features.history.frozen import FrozenReader
from features.history.log import LogReader, Logs
from features.kernel.program import Floats, Ints, memory_for
from features.plan import Plan, decode, plan
from features.recipe import Recipe

CHUNK = 4_096  # spine rows that one thread takes at a time
MASKED = 131_072  # rows, and one entity's more, whose filters' masks are held at a time
AHEAD = 8  # pieces of work ahead of each thread


@dataclass(frozen=True)
class Moments:
    """A spine as words: who, as of when, knowing what.

    Attributes
    ----------
    entities, moments, knowns : int64[rows]
    inputs : mapping of str to float64[rows]
        Numbers that come with the question.
    """

    entities: Ints
    moments: Ints
    knowns: Ints
    inputs: Mapping[str, Floats] = field(default_factory=dict, kw_only=True)

    def __len__(self) -> int:
        return len(self.entities)

    def taken(self, rows: Ints) -> Moments:
        """Some rows of it, without the numbers that come with the question."""
        return Moments(self.entities[rows], self.moments[rows], self.knowns[rows])


def fill(
    history: Logs, asked: Recipe, moments: Moments, *, threads: int = 1, watermark: int | None = None
) -> dict[str, np.ndarray]:
    """The column of each reference of a recipe for a spine.

    Parameters
    ----------
    history : Logs
    asked : Recipe
    moments : Moments
    threads : int
    watermark : int, optional
        Only rows that had arrived by then; default all.

    Returns
    -------
    dict of str to float64[rows] or object[rows]
    """
    out, readers = _answers(history, asked.by_log(), asked.width, moments, threads, watermark)
    for name, slot in asked.inputs.items():
        out[slot] = moments.inputs[name]
    if asked.formulas:
        kernel.load().run_rows(plan({}, {}, asked.formulas).code, out)
    return asked.columns(out, lambda log: readers[log].dictionary)


def aggregate(history: Logs, items: Sequence[Aggregate], moments: Moments, *, threads: int = 1) -> list[np.ndarray]:
    """The column of each aggregate, as `fill` gives them."""
    by_log: dict[Log, dict[Aggregate, int]] = {}
    for slot, item in enumerate(items):
        by_log.setdefault(item.log, {})[item] = slot
    out, readers = _answers(history, by_log, len(items), moments, threads, None)
    words = out.view(np.int64)
    return [decode(item, words[slot], readers[item.log].dictionary) for slot, item in enumerate(items)]


def _answers(
    history: Logs,
    by_log: Mapping[Log, Mapping[Aggregate, int]],
    width: int,
    moments: Moments,
    threads: int,
    watermark: int | None,
) -> tuple[Floats, dict[Log, LogReader]]:
    order = np.argsort(moments.entities)
    ordered = moments.taken(order)
    out = np.empty((width, len(moments)), np.float64)
    readers = {log: _reader(history, log, watermark) for log in by_log}
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        waiting: deque[Future[None]] = deque()
        for log, slots in by_log.items():
            asked = plan(slots, {log.name: readers[log].dictionary})
            for bucket, part in readers[log].pieces(ordered.entities):
                for chunk in _chunks(part, ordered.entities):
                    waiting.append(pool.submit(_run, asked, bucket, chunk, ordered, out))
                    if len(waiting) > AHEAD * threads:  # buckets that are done with can go
                        waiting.popleft().result()
        for item in waiting:
            item.result()
        places = np.empty_like(order)
        places[order] = np.arange(len(order))
        list(pool.map(lambda slot: _put_back(out[slot], places), range(width)))
    return out, readers


def _put_back(column: Floats, places: Ints) -> None:
    """A column in the order of the spine again."""
    column[:] = column.take(places)


def _reader(history: Logs, log: Log, watermark: int | None) -> LogReader:
    reader = history.reader(log)
    return reader if watermark is None or watermark >= reader.state.watermark else FrozenReader(reader, watermark)


def _chunks(part: Ints, entities: Ints) -> Iterator[Ints]:
    """Pieces of a bucket's spine that never part an entity."""
    starts = np.flatnonzero(np.diff(entities[part], prepend=entities[part[:1]] - 1))
    cuts = np.searchsorted(starts, np.arange(CHUNK, len(part), CHUNK))
    yield from np.split(part, np.unique(starts[cuts[cuts < len(starts)]]))


def _run(asked: Plan, bucket: Bucket, chunk: Ints, moments: Moments, out: Floats) -> None:
    entities = moments.entities[chunk]
    starts = np.flatnonzero(np.diff(entities, prepend=entities[:1] - 1))
    bounds = bucket.bounds(entities[starts])
    spans = np.stack([starts, np.append(starts[1:], len(chunk))], axis=1)
    columns = np.array([bucket.columns[name] for _, name in asked.columns], np.int64)
    rows = bounds[:, 1] - bounds[:, 0]
    memory = memory_for(asked.code, len(columns), int(rows.max(initial=0)), MASKED + int(rows.max(initial=0)))
    groups = np.flatnonzero(np.diff(np.cumsum(rows) // MASKED)) + 1
    for some, part in zip(np.split(bounds, groups), np.split(spans, groups), strict=True):
        kernel.load().run_bucket(
            bucket.words,
            columns,
            some,
            part,
            chunk,
            moments.moments,
            moments.knowns,
            asked.code,
            memory,
            kernel.load().no_tiles(asked.code),
            out,
        )
