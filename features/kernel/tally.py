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
from features.kernel.program import Floats, Ints, Program, Scratch
from features.kernel.search import is_seen

Tally = tuple[int, int, float, int, int, float, float]  # count, sum, float sum, low, high, float low, float high


@compiled
def add_rows(
    ints: Ints, floats: Floats, scratch: Scratch, base: int, mask: int, column: int, kind: int, span: tuple[int, int],
    known: int,
) -> Tally:
    """Tally the seen rows of ``[span[0], span[1])`` in time order."""
    count, total, float_total = 0, np.int64(0), 0.0
    low, high, float_low, float_high = np.int64(FOREVER), np.int64(NULL), np.inf, -np.inf
    values = scratch.at[column] if column >= 0 else 0
    for row in range(span[0], span[1]):
        if not is_seen(ints, scratch, base, mask, row, known):
            continue
        if column < 0:
            count += 1
        elif kind == FLOAT:
            number = floats[values + row]
            if number == number:
                count += 1
                float_total += number
                float_low = min(float_low, number)
                float_high = max(float_high, number)
        else:
            whole = ints[values + row]
            if whole != NULL:
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
    ints: Ints, floats: Floats, program: Program, scratch: Scratch, step: int, moment: int, known: int,
    out: Floats, place: int,
) -> None:
    """Fill the outputs of one step of the family TALLY."""
    log, mask, column, kind = program.steps[step, 1], program.steps[step, 2], program.steps[step, 3], program.steps[step, 4]
    base = program.logs[log]
    times = scratch.at[base]
    whole = (0, np.int64(0), 0.0, np.int64(FOREVER), np.int64(NULL), np.inf, -np.inf)
    newest = scratch.stop[log] - 1
    first_window, last_window = program.steps[step, 5], program.steps[step, 6]
    for window in range(first_window, last_window):
        width = program.windows[window]
        edge = moment - width if width != FOREVER else NULL
        while newest >= 0:
            tile = ints[times + newest] // TILE * TILE
            oldest = newest
            while oldest > 0 and ints[times + oldest - 1] >= tile:
                oldest -= 1
            if ints[times + oldest] < edge:
                break  # the edge cuts this tile
            part = add_rows(ints, floats, scratch, base, mask, column, kind, (oldest, newest + 1), known)
            whole = join(whole, part)
            newest = oldest - 1
        cut = newest
        while cut >= 0 and ints[times + cut] >= edge:
            cut -= 1
        tally = whole
        if cut < newest:
            part = add_rows(ints, floats, scratch, base, mask, column, kind, (cut + 1, newest + 1), known)
            tally = join(whole, part)
        for output in range(program.steps[step, 7], program.steps[step, 8]):
            if program.outputs[output, 0] == window - first_window:
                operation, slot, scale = program.outputs[output, 1], program.outputs[output, 3], program.outputs[output, 4]
                out[slot, place] = finish(tally, operation, kind, scale)
