"""Sorting: the total order of rows, entity by entity, linear where rows come in time order already."""

from __future__ import annotations

from features.kernel.compiled import compiled
from features.kernel.program import Ints

SHORT = 16  # rows that are sorted by insertion


@compiled
def sort_rows(
    ranks: Ints, starts: Ints, occurred: Ints, known: Ints, keys: Ints, facts: Ints, order: Ints, spare: Ints
) -> None:
    """The places of rows by entity, occurred_at, known_at, key, fact; equal rows keep their order.

    Parameters
    ----------
    ranks : int64[n]
        The rank of each row's entity.
    starts : int64[entities + 1]
        Where the rows of each rank begin in the order.
    occurred, known, keys, facts : int64[n]
    order : int64[n]
        Filled.
    spare : int64[n]
        Working memory.
    """
    place = starts[:-1].copy()
    for row in range(len(ranks)):
        order[place[ranks[row]]] = row
        place[ranks[row]] += 1
    for rank in range(len(starts) - 1):
        _sort_slice(occurred, known, keys, facts, order, spare, starts[rank], starts[rank + 1])


@compiled
def _after(occurred: Ints, known: Ints, keys: Ints, facts: Ints, left: int, right: int) -> bool:
    """Whether `left` comes after `right`."""
    if occurred[left] != occurred[right]:
        return bool(occurred[left] > occurred[right])
    if known[left] != known[right]:
        return bool(known[left] > known[right])
    if keys[left] != keys[right]:
        return bool(keys[left] > keys[right])
    return bool(facts[left] > facts[right])


@compiled
def _sort_slice(
    occurred: Ints, known: Ints, keys: Ints, facts: Ints, order: Ints, spare: Ints, first: int, last: int
) -> None:
    """Sort ``order[first:last]``: short pieces by insertion, then merged pairwise."""
    for begin in range(first, last, SHORT):
        for position in range(begin + 1, min(begin + SHORT, last)):
            row, at = order[position], position
            while at > begin and _after(occurred, known, keys, facts, order[at - 1], row):
                order[at] = order[at - 1]
                at -= 1
            order[at] = row
    width = SHORT
    while width < last - first:
        for begin in range(first, last - width, 2 * width):
            middle, end = begin + width, min(begin + 2 * width, last)
            if _after(occurred, known, keys, facts, order[middle - 1], order[middle]):
                _merge(occurred, known, keys, facts, order, spare, begin, middle, end)
        width *= 2


@compiled
def _merge(
    occurred: Ints, known: Ints, keys: Ints, facts: Ints, order: Ints, spare: Ints, begin: int, middle: int, end: int
) -> None:
    for position in range(begin, middle):
        spare[position] = order[position]
    left, right, at = begin, middle, begin
    while left < middle:
        if right < end and _after(occurred, known, keys, facts, spare[left], order[right]):
            order[at] = order[right]
            right += 1
        else:
            order[at] = spare[left]
            left += 1
        at += 1
