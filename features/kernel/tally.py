"""Counts, sums, means and extremes of one column over nested windows, in one pass from the newest row back.

The order of addition is part of the definition. Whole numbers (money, counts) are exact in any order. Floats are
added in time order inside each calendar tile (one UTC day), and the tiles' sums are added from the newest tile to
the oldest; the last tile of a window holds only the rows inside it. Every home adds in this order, so equal rows
give equal bits.
"""

from __future__ import annotations

import numpy as np

from features.kernel.codes import COUNT, FOREVER, MEAN, MIN, NULL, SUM, TILE
from features.kernel.compiled import compiled
from features.kernel.program import OUTPUTS, STOP, WINDOWS, Floats, Ints
from features.kernel.search import clocks_of, is_seen, mask_of, values_of


@compiled
def whole_step(
    ints: Ints, code: Ints, memory: Ints, step: int, moment: int, known: int, out: Floats, place: int
) -> None:
    """Fill the outputs of a step of the family TALLY over rows, or over a column of whole numbers."""
    log = code[step + 1]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    count, total, low, high = 0, 0, FOREVER, NULL
    row = memory[memory[STOP] + log] - 1
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        edge = moment - width if width != FOREVER else NULL
        while row >= 0 and ints[times + row] >= edge:
            if is_seen(ints, memory, knowns, ends, passed, row, known):
                if values < 0:
                    count += 1
                else:
                    value = ints[values + row]
                    if value != NULL:
                        count += 1
                        total += value
                        low = min(low, value)
                        high = max(high, value)
            row -= 1
        for number in range(code[step + 7], code[step + 8]):
            output = code[OUTPUTS] + 5 * number
            if code[output] == window - code[step + 5]:
                out[code[output + 3], place] = _whole(code[output + 1], code[output + 4], count, total, low, high)


@compiled
def _whole(operation: int, scale: int, count: int, total: int, low: int, high: int) -> float:
    if operation == COUNT:
        return float(count)
    if operation == SUM:
        return float(total) / float(scale)
    if count == 0:
        return np.nan
    if operation == MEAN:
        return float(total) / float(count * scale)
    return float(low if operation == MIN else high) / float(scale)


@compiled
def float_step(
    ints: Ints, floats: Floats, code: Ints, memory: Ints, step: int, moment: int, known: int, out: Floats, place: int
) -> None:
    """Fill the outputs of a step of the family TALLY over a column of floats, tile by tile."""
    log = code[step + 1]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    count, total, low, high = 0, 0.0, np.inf, -np.inf
    newest = memory[memory[STOP] + log] - 1
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        edge = moment - width if width != FOREVER else NULL
        while newest >= 0:
            oldest = _tile_begin(ints, times, newest)
            if ints[times + oldest] < edge:
                break  # the edge cuts this tile
            part = _tile(ints, floats, memory, knowns, ends, passed, values, oldest, newest + 1, known)
            count, total, low, high = count + part[0], total + part[1], min(low, part[2]), max(high, part[3])
            newest = oldest - 1
        first = newest + 1
        while first > 0 and ints[times + first - 1] >= edge:
            first -= 1
        part = _tile(ints, floats, memory, knowns, ends, passed, values, first, newest + 1, known)
        for number in range(code[step + 7], code[step + 8]):
            output = code[OUTPUTS] + 5 * number
            if code[output] == window - code[step + 5]:
                out[code[output + 3], place] = _float(
                    code[output + 1], count + part[0], total + part[1], min(low, part[2]), max(high, part[3])
                )


@compiled
def _tile_begin(ints: Ints, times: int, row: int) -> int:
    """The oldest row of the calendar tile in which `row` lies."""
    tile = ints[times + row] // TILE * TILE
    while row > 0 and ints[times + row - 1] >= tile:
        row -= 1
    return row


@compiled
def _tile(
    ints: Ints,
    floats: Floats,
    memory: Ints,
    knowns: int,
    ends: int,
    passed: int,
    values: int,
    first: int,
    last: int,
    known: int,
) -> tuple[int, float, float, float]:
    """Count, sum, least and greatest of the seen rows of ``[first, last)``, in time order."""
    count, total, low, high = 0, 0.0, np.inf, -np.inf
    for row in range(first, last):
        value = floats[values + row]
        if value == value and is_seen(ints, memory, knowns, ends, passed, row, known):
            count += 1
            total += value
            low = min(low, value)
            high = max(high, value)
    return count, total, low, high


@compiled
def _float(operation: int, count: int, total: float, low: float, high: float) -> float:
    if operation == COUNT:
        return float(count)
    if operation == SUM:
        return total
    if count == 0:
        return np.nan
    if operation == MEAN:
        return total / float(count)
    return low if operation == MIN else high
