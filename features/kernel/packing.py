"""Copying entities' rows from a bucket into packed states."""

from __future__ import annotations

from features.kernel.compiled import compiled
from features.kernel.program import Ints


@compiled
def pack_rows(words: Ints, columns: Ints, bounds: Ints, target: Ints, begins: Ints) -> None:
    """Copy each entity's rows, column after column, to where its log begins in `target`.

    Parameters
    ----------
    words : int64[]
        The bucket's buffer.
    columns : int64[C]
        Where each column begins in it.
    bounds : int64[E, 2]
        First and last row (exclusive) of each entity.
    target : int64[]
    begins : int64[E]
    """
    for entity in range(bounds.shape[0]):
        place = begins[entity]
        for column in range(columns.shape[0]):
            for row in range(bounds[entity, 0], bounds[entity, 1]):
                target[place] = words[columns[column] + row]
                place += 1


@compiled
def most_rows(words: Ints, begins: Ints) -> int:
    """The most rows that any log of any packed state has."""
    most = 0
    for begin in begins:
        if begin >= 0:
            for log in range(words[begin + 1]):
                most = max(most, words[begin + 2 + 2 * log])
    return most
