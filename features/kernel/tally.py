"""Counts, sums, means and extremes of one column over nested windows, in one pass from the newest row back.

The order of addition is part of the definition. Whole numbers (money, counts) are exact in any order. Floats are
added in time order inside each calendar tile (one UTC day), and the tiles' sums are added from the newest tile to
the oldest; the last tile of a window holds only the rows inside it. Every home adds in this order, so equal rows
give equal bits.
"""

from __future__ import annotations

import numpy as np

from features.kernel.codes import COUNT, FOREVER, MEAN, MIN, NULL, SUM, TILE
from features.kernel.compiled import inlined
from features.kernel.program import OUTPUTS, STOP, WINDOWS, Floats, Ints
from features.kernel.search import clocks_of, first_since, is_plain, is_seen, mask_of, values_of


@inlined
def whole_step(
    ints: Ints, code: Ints, memory: Ints, step: int, moment: int, known: int, out: Floats, place: int
) -> None:
    """Fill the outputs of a step of the family TALLY over rows, or over a column of whole numbers."""
    log = code[step + 1]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    count, total, low, high = 0, 0, FOREVER, NULL
    last, plain = memory[memory[STOP] + log], is_plain(memory, log, passed, moment, known)
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        first = first_since(ints, times, last, moment - width) if width != FOREVER else 0
        if plain and values < 0:
            count += last - first
        else:
            for row in range(first, last):
                if plain or is_seen(ints, memory, knowns, ends, passed, row, known):
                    value = 0 if values < 0 else ints[values + row]
                    if value != NULL:
                        count += 1
                        total += value
                        low = min(low, value)
                        high = max(high, value)
        last = first
        for number in range(code[step + 7], code[step + 8]):
            output = code[OUTPUTS] + 5 * number
            if code[output] == window - code[step + 5]:
                out[code[output + 3], place] = _whole(code[output + 1], code[output + 4], count, total, low, high)


@inlined
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


@inlined
def float_step(
    ints: Ints, floats: Floats, code: Ints, memory: Ints, step: int, moment: int, known: int, out: Floats, place: int
) -> None:
    """Fill the outputs of a step of the family TALLY over a column of floats, tile by tile."""
    log = code[step + 1]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    plain = is_plain(memory, log, passed, moment, known)
    count, total, low, high = 0, 0.0, np.inf, -np.inf
    newest = memory[memory[STOP] + log] - 1
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        edge = moment - width if width != FOREVER else NULL
        # the tile that the edge cuts is added to this window only: wider ones see more of it
        kept_count, kept_total, kept_low, kept_high, kept_newest = count, total, low, high, newest
        while newest >= 0 and ints[times + newest] >= edge:
            tile = ints[times + newest] // TILE * TILE
            oldest = newest
            while oldest > 0 and ints[times + oldest - 1] >= max(tile, edge):
                oldest -= 1
            part = 0.0
            for row in range(oldest, newest + 1):
                value = floats[values + row]
                if value == value and (plain or is_seen(ints, memory, knowns, ends, passed, row, known)):
                    count += 1
                    part += value
                    low = min(low, value)
                    high = max(high, value)
            total += part
            newest = oldest - 1
            if tile >= edge:
                kept_count, kept_total, kept_low, kept_high, kept_newest = count, total, low, high, newest
        for number in range(code[step + 7], code[step + 8]):
            output = code[OUTPUTS] + 5 * number
            if code[output] == window - code[step + 5]:
                out[code[output + 3], place] = _float(code[output + 1], count, total, low, high)
        count, total, low, high, newest = kept_count, kept_total, kept_low, kept_high, kept_newest


@inlined
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
