"""Counts, sums, means and extremes of one column over nested windows, in one pass from the newest row back.

The order of addition is part of the definition. Whole numbers (money, counts) are exact in any order. Floats are
added in time order inside each calendar tile (one UTC day), and the tiles' sums are added from the newest tile to
the oldest; the last tile of a window holds only the rows inside it. Every home adds in this order, so equal rows
give equal bits.
"""

from __future__ import annotations

import numpy as np

from features.kernel.codes import COUNT, FLOAT, FOREVER, MAX, MEAN, MIN, NULL, SUM, TILE
from features.kernel.compiled import compiled
from features.kernel.program import OUTPUTS, STOP, WINDOWS, Floats, Ints
from features.kernel.search import clocks_of, is_seen, mask_of, values_of

Tally = tuple[int, int, float, int, int, float, float]  # count, sum, float sum, low, high, float low, float high


@compiled
def add_rows(
    ints: Ints, floats: Floats, memory: Ints, knowns: int, ends: int, passed: int, values: int, kind: int, first: int,
    last: int, known: int,
) -> Tally:
    """Tally the seen rows of ``[first, last)`` in time order."""
    count, total, float_total = 0, 0, 0.0
    low, high, float_low, float_high = FOREVER, NULL, np.inf, -np.inf
    if values < 0:
        for row in range(first, last):
            count += is_seen(ints, memory, knowns, ends, passed, row, known)
    elif kind == FLOAT:
        for row in range(first, last):
            number = floats[values + row]
            if number == number and is_seen(ints, memory, knowns, ends, passed, row, known):
                count += 1
                float_total += number
                float_low = min(float_low, number)
                float_high = max(float_high, number)
    else:
        for row in range(first, last):
            whole = ints[values + row]
            if whole != NULL and is_seen(ints, memory, knowns, ends, passed, row, known):
                count += 1
                total += whole
                low = min(low, whole)
                high = max(high, whole)
    return count, total, float_total, low, high, float_low, float_high


@compiled
def join(left: Tally, right: Tally) -> Tally:
    """The tally of newer rows `left` and older rows `right` together."""
    return (
        left[0] + right[0],
        left[1] + right[1],
        left[2] + right[2],
        min(left[3], right[3]),
        max(left[4], right[4]),
        min(left[5], right[5]),
        max(left[6], right[6]),
    )


@compiled
def finish(tally: Tally, operation: int, kind: int, scale: int) -> float:
    """The value of one operation; null is NaN."""
    count = tally[0]
    if operation == COUNT:
        return float(count)
    if kind == FLOAT:
        if operation == SUM:
            return tally[2]
        if count == 0:
            return np.nan
        if operation == MEAN:
            return tally[2] / float(count)
        return tally[5] if operation == MIN else tally[6]
    if operation == SUM:
        return float(tally[1]) / float(scale)
    if count == 0:
        return np.nan
    if operation == MEAN:
        return float(tally[1]) / float(count * scale)
    return float(tally[3] if operation == MIN else tally[4]) / float(scale)


@compiled
def tally_step(
    ints: Ints, floats: Floats, code: Ints, memory: Ints, step: int, moment: int, known: int, out: Floats, place: int
) -> None:
    """Fill the outputs of the step of the family TALLY that begins at `step` of the program."""
    log, kind = code[step + 1], code[step + 4]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    whole = (0, 0, 0.0, FOREVER, NULL, np.inf, -np.inf)
    newest = memory[memory[STOP] + log] - 1
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        edge = moment - width if width != FOREVER else NULL
        while newest >= 0:
            tile = ints[times + newest] // TILE * TILE
            oldest = newest
            while oldest > 0 and ints[times + oldest - 1] >= tile:
                oldest -= 1
            if ints[times + oldest] < edge:
                break  # the edge cuts this tile
            part = add_rows(ints, floats, memory, knowns, ends, passed, values, kind, oldest, newest + 1, known)
            whole = join(whole, part)
            newest = oldest - 1
        cut = newest
        while cut >= 0 and ints[times + cut] >= edge:
            cut -= 1
        tally = whole
        if cut < newest:
            part = add_rows(ints, floats, memory, knowns, ends, passed, values, kind, cut + 1, newest + 1, known)
            tally = join(whole, part)
        for number in range(code[step + 7], code[step + 8]):
            output = code[OUTPUTS] + 5 * number
            if code[output] == window - code[step + 5]:
                out[code[output + 3], place] = finish(tally, code[output + 1], kind, code[output + 4])
