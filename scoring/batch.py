"""Scoring a file of feature values: a Parquet matrix in, a Parquet file of scores out, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.binary import BinaryModel
from scoring.errors import FileError, FrameError
from scoring.model import Frame

CHUNK = 20_000  # rows held at once: few enough to stay near the processor
AHEAD = 2  # chunks read while others are scored
SCORES = (pa.field("score", pa.float64()), pa.field("band", pa.string()))


def score_file(model: BinaryModel, source: Path, target: Path) -> int:
    """Score every row of a Parquet file.

    Parameters
    ----------
    model : BinaryModel
    source : Path
        One column per feature of the model, ``view__feature``; every other column is handed on as it is.
    target : Path
        Written whole or not at all: the columns handed on, ``score`` and ``band``, and what the model expects besides
        (``expected_value``, ``expected_days``, ``days_low``, ``days_high``); all null where a row does not belong to
        the model's population.

    Returns
    -------
    int
        Rows that got a score.

    Raises
    ------
    FrameError
        If a feature of the model is missing from the file.
    FileError
        If the file is none of Parquet, has a column named like one that is written, or the target cannot be written.
    """
    names = {ref.replace(":", "__", 1): ref for ref in model.refs}
    scored, part = 0, target.with_name(f".{target.name}.part")
    try:
        with pq.ParquetFile(source) as file:
            known = file.schema_arrow
            nobody = {ref: np.empty(0) for ref in model.refs}
            expected = model.expected(np.empty(0), nobody)
            added = (*SCORES, *(pa.field(name, pa.float64()) for name in expected))
            _check(model.name, source, known, names, [field.name for field in added])
            kept = [field for field in known if field.name not in names]
            with pq.ParquetWriter(part, pa.schema([*kept, *added])) as writer:

                def answer(batch: pa.RecordBatch) -> pa.RecordBatch:
                    answers = _scored(model, {ref: _values(batch, name) for name, ref in names.items()})
                    columns = [batch.column(field.name) for field in kept]
                    return pa.record_batch([*columns, *answers], schema=writer.schema)

                for answered in _side_by_side(model, answer, _batches(file)):
                    scored += answered.num_rows - answered.column("score").null_count
                    writer.write_batch(answered)
        part.replace(target)
    except (OSError, ValueError) as error:
        raise FileError.unusable(source, target, error) from error
    finally:
        part.unlink(missing_ok=True)
    return scored


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    yield from file.iter_batches(CHUNK)


def _side_by_side(
    model: BinaryModel, answer: Callable[[pa.RecordBatch], pa.RecordBatch], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The batches answered, in their order: each by one thread, so that none waits for another in between."""
    workers = os.cpu_count() or 1
    with model.one_thread(), ThreadPoolExecutor(workers) as pool:
        under_way = deque(pool.submit(answer, batch) for batch in islice(batches, workers + AHEAD))
        while under_way:
            yield under_way.popleft().result()
            under_way.extend(pool.submit(answer, batch) for batch in islice(batches, 1))


def _check(model: str, source: Path, known: pa.Schema, names: dict[str, str], added: list[str]) -> None:
    absent = [ref for name, ref in names.items() if name not in known.names]
    if absent:
        raise FrameError.lacks(model, absent)
    taken = [name for name in added if name in known.names]
    if taken:
        raise FileError.taken(source, taken)


def _scored(model: BinaryModel, frame: Frame) -> list[pa.Array]:
    """Scores and bands of some rows, and what is expected besides; null outside the population."""
    scores, outside = model.predict(frame), ~model.eligible(frame)
    bands = pa.array(model.bands(scores), pa.string(), mask=outside) if len(scores) else pa.nulls(0, pa.string())
    answers = [pa.array(scores, pa.float64(), mask=outside), bands]
    expected = model.expected(scores, frame).values()
    answers += [pa.array(values, pa.float64(), mask=outside | np.isnan(values)) for values in expected]
    return answers


def _values(batch: pa.RecordBatch, name: str) -> np.ndarray:
    """A column as a frame holds it: numbers as float64 with NaN, words as objects with None."""
    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        words: np.ndarray = column.to_numpy(zero_copy_only=False)
        return words
    numbers: np.ndarray = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return numbers
