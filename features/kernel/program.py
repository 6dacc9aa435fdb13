"""A program: what the kernel is asked to compute, as arrays of whole numbers, and its working memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Program(NamedTuple):
    """Steps over the logs of one entity.

    Attributes
    ----------
    logs : int64[L]
        Place of each log's first column. A log's columns are occurred_at, known_at, superseded_at, values….
    filters : int64[F, 3]
        Log, first atom, last atom (exclusive).
    atoms : int64[A, 5]
        Column, operation, kind, first constant, last constant (exclusive).
    constants : int64[K]
        Whole numbers or the bits of floats.
    steps : int64[S, 9]
        Family, log, filter (-1: none), column (-1: none), kind, first and last window, first and last output.
    windows : int64[W]
        Widths, ascending within a step.
    outputs : int64[O, 5]
        Window within its step, operation, argument, slot, scale (whole numbers are divided by it; 0: kept whole).
    """

    logs: Ints
    filters: Ints
    atoms: Ints
    constants: Ints
    steps: Ints
    windows: Ints
    outputs: Ints


class Scratch(NamedTuple):
    """Working memory of one thread, reused from row to row.

    Attributes
    ----------
    masks : uint8[F, rows]
        Which rows of the entity pass each filter.
    at : int64[C]
        Where each column of the entity begins in the buffer.
    rows, stop : int64[L]
        Rows of each log, and how many of them occurred before the moment.
    keys, stamps, counts, firsts : int64[capacity]
        A hash table for distinct values; a stale stamp marks a free place.
    epoch : int64[1]
        The present stamp.
    """

    masks: NDArray[np.uint8]
    at: Ints
    rows: Ints
    stop: Ints
    keys: Ints
    stamps: Ints
    counts: Ints
    firsts: Ints
    epoch: Ints


def scratch_for(program: Program, columns: int, rows: int) -> Scratch:
    """Working memory for entities of at most `rows` rows in a log."""
    capacity = 8
    while capacity < 2 * rows:
        capacity *= 2
    return Scratch(
        masks=np.zeros((max(len(program.filters), 1), max(rows, 1)), np.uint8),
        at=np.zeros(columns, np.int64),
        rows=np.zeros(len(program.logs), np.int64),
        stop=np.zeros(len(program.logs), np.int64),
        keys=np.zeros(capacity, np.int64),
        stamps=np.zeros(capacity, np.int64),
        counts=np.zeros(capacity, np.int64),
        firsts=np.zeros(capacity, np.int64),
        epoch=np.zeros(1, np.int64),
    )


def table(rows: list[list[Any]], width: int) -> Ints:
    """Rows of whole numbers as a two-dimensional array, also when there are none."""
    return np.array(rows, np.int64).reshape(len(rows), width)
