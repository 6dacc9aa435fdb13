"""The offline home: columns for a spine, bucket by bucket, on all cores, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from features import kernel
from features.declare.aggregate import Aggregate
from features.declare.log import Log
from features.history.files import Bucket
from features.history.log import LogReader, as_of_arrival
from features.history.store import History
from features.kernel.program import Ints, scratch_for
from features.plan import Plan, decode, empty, plan

CHUNK = 4_096  # spine rows that one thread takes at a time


@dataclass(frozen=True)
class Moments:
    """A spine as words: who, as of when, knowing what.

    Attributes
    ----------
    entities, moments, knowns : int64[rows]
    """

    entities: Ints
    moments: Ints
    knowns: Ints

    def __len__(self) -> int:
        return len(self.entities)


def columns_for(
    history: History, aggregates: Sequence[Aggregate], moments: Moments, *, threads: int = 1, watermark: int | None = None
) -> dict[Aggregate, np.ndarray]:
    """The column of each aggregate for a spine.

    Parameters
    ----------
    history : History
    aggregates : sequence of Aggregate
        Of one entity.
    moments : Moments
    threads : int
    watermark : int, optional
        Only rows that had arrived by then; default all.

    Returns
    -------
    dict of Aggregate to float64[rows] or object[rows]
    """
    answers: dict[Aggregate, np.ndarray] = {}
    order = np.lexsort((moments.moments, moments.entities))
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for log, items in _by_log(aggregates).items():
            reader = history.reader(log)
            asked = plan(items, {log.name: reader.dictionary})
            out, out_ints = empty(asked.width, len(moments))
            work = [
                pool.submit(_run, asked, bucket, chunk, moments, out, out_ints)
                for bucket, part in _buckets(reader, order, moments, watermark)
                for chunk in _chunks(part, moments.entities)
            ]
            for item in work:
                item.result()
            for aggregate, slot in asked.slots.items():
                answers[aggregate] = decode(aggregate, out_ints[slot], lambda _log, of=reader: of.dictionary)
    return answers


def _by_log(aggregates: Sequence[Aggregate]) -> Mapping[Log, list[Aggregate]]:
    found: dict[Log, list[Aggregate]] = {}
    for item in aggregates:
        found.setdefault(item.log, []).append(item)
    return found


def _buckets(reader: LogReader, order: Ints, moments: Moments, watermark: int | None) -> Iterator[tuple[Bucket, Ints]]:
    numbers = reader.bucket_numbers(moments.entities[order])
    for number in range(reader.state.buckets):
        part = order if reader.state.buckets == 1 else order[numbers == number]
        if not len(part):
            continue
        late = watermark is not None and watermark < reader.state.watermark
        yield (as_of_arrival(reader, number, int(watermark or 0)) if late else reader.bucket(number)), part


def _chunks(part: Ints, entities: Ints) -> Iterator[Ints]:
    """Pieces of a bucket's spine that never part an entity."""
    starts = np.flatnonzero(np.diff(entities[part], prepend=entities[part[:1]] - 1))
    begin = 0
    for start in starts[1:]:
        if start - begin >= CHUNK:
            yield part[begin:start]
            begin = int(start)
    yield part[begin:]


def _run(asked: Plan, bucket: Bucket, chunk: Ints, moments: Moments, out: np.ndarray, out_ints: Ints) -> None:
    entities = moments.entities[chunk]
    starts = np.flatnonzero(np.diff(entities, prepend=entities[:1] - 1))
    bounds = bucket.bounds(entities[starts])
    spans = np.stack([starts, np.append(starts[1:], len(chunk))], axis=1)
    columns = np.array([bucket.columns[name] for _, name in asked.columns], np.int64)
    most = int((bounds[:, 1] - bounds[:, 0]).max(initial=0))
    kernel.load().run_bucket(
        bucket.words, bucket.floats, columns, bounds, spans, chunk, moments.moments, moments.knowns, asked.program,
        scratch_for(asked.program, len(columns), most), out, out_ints,
    )
