"""Operations over one window: latest, lag, first, times since, mean gap, deviation, slope, share, age."""

from __future__ import annotations

import numpy as np

from features.kernel.codes import (
    AGE,
    FIRST,
    FLOAT,
    FOREVER,
    GAP,
    LAG,
    LATEST,
    NULL,
    SHARE,
    SINCE_FIRST,
    SINCE_LAST,
    STD,
    TILE,
)
from features.kernel.compiled import compiled
from features.kernel.program import Floats, Ints, Program, Scratch
from features.kernel.search import is_seen, lower_bound

DAY = float(TILE)


@compiled
def is_null(ints: Ints, floats: Floats, place: int, kind: int) -> bool:
    """Whether the value at `place` of the buffer is missing."""
    if kind == FLOAT:
        return floats[place] != floats[place]
    return ints[place] == NULL


@compiled
def number_at(ints: Ints, floats: Floats, place: int, kind: int) -> float:
    """The value at `place` as a float."""
    return floats[place] if kind == FLOAT else float(ints[place])


@compiled
def pick(
    ints: Ints, floats: Floats, scratch: Scratch, base: int, mask: int, column: int, kind: int, span: tuple[int, int],
    known: int, operation: int, argument: int,
) -> int:
    """The row that an operation of place asks for, or -1.

    LATEST and AGE take the newest row whatever it holds; LAG and FIRST pass over nulls; SINCE_* need no column.
    """
    if operation in (FIRST, SINCE_FIRST):
        for row in range(span[0], span[1]):
            if is_seen(ints, scratch, base, mask, row, known) and (
                column < 0 or not is_null(ints, floats, scratch.at[column] + row, kind)
            ):
                return row
        return -1
    left = argument if operation == LAG else 0
    for back in range(span[1] - span[0]):
        row = span[1] - 1 - back
        if not is_seen(ints, scratch, base, mask, row, known):
            continue
        if operation == LAG and is_null(ints, floats, scratch.at[column] + row, kind):
            continue
        if left == 0:
            return row
        left -= 1
    return -1


@compiled
def spread(
    ints: Ints, floats: Floats, scratch: Scratch, base: int, mask: int, column: int, kind: int, span: tuple[int, int],
    known: int, moment: int, operation: int,
) -> float:
    """Sample deviation, or least-squares slope per day, of values shifted by the first, in time order."""
    times, values = scratch.at[base], scratch.at[column]
    count, first, x_total, y_total = 0, 0.0, 0.0, 0.0
    first_time, last_time = np.int64(0), np.int64(0)
    for row in range(span[0], span[1]):
        if is_null(ints, floats, values + row, kind) or not is_seen(ints, scratch, base, mask, row, known):
            continue
        if count == 0:
            first = number_at(ints, floats, values + row, kind)
            first_time = ints[times + row]
        last_time = ints[times + row]
        count += 1
        y_total += number_at(ints, floats, values + row, kind) - first
        x_total += float(ints[times + row] - moment) / DAY
    if count < 2 or (operation != STD and first_time == last_time):
        return np.nan
    x_mean, y_mean, xx, xy, yy = x_total / float(count), y_total / float(count), 0.0, 0.0, 0.0
    for row in range(span[0], span[1]):
        if is_null(ints, floats, values + row, kind) or not is_seen(ints, scratch, base, mask, row, known):
            continue
        y = number_at(ints, floats, values + row, kind) - first - y_mean
        x = float(ints[times + row] - moment) / DAY - x_mean
        xx += x * x
        xy += x * y
        yy += y * y
    return np.sqrt(yy / float(count - 1)) if operation == STD else xy / xx


@compiled
def mean_gap(
    ints: Ints, scratch: Scratch, base: int, mask: int, span: tuple[int, int], known: int,
) -> float:
    """Mean days between successive rows; null below two rows."""
    times = scratch.at[base]
    count, first, last = 0, np.int64(0), np.int64(0)
    for row in range(span[0], span[1]):
        if is_seen(ints, scratch, base, mask, row, known):
            if count == 0:
                first = ints[times + row]
            last = ints[times + row]
            count += 1
    return np.nan if count < 2 else float(last - first) / (float(count - 1) * DAY)


@compiled
def share(
    ints: Ints, floats: Floats, scratch: Scratch, base: int, mask: int, column: int, kind: int, span: tuple[int, int],
    known: int, wanted: int,
) -> float:
    """Share of one value among the non-null ones; null where there are none."""
    values = scratch.at[column]
    count, hits = 0, 0
    for row in range(span[0], span[1]):
        if not is_null(ints, floats, values + row, kind) and is_seen(ints, scratch, base, mask, row, known):
            count += 1
            hits += ints[values + row] == wanted
    return np.nan if count == 0 else float(hits) / float(count)


@compiled
def single_step(
    ints: Ints, floats: Floats, program: Program, scratch: Scratch, step: int, moment: int, known: int,
    out: Floats, out_ints: Ints, place: int,
) -> None:
    """Fill the one output of a step of the family SINGLE."""
    log, mask, column, kind = program.steps[step, 1], program.steps[step, 2], program.steps[step, 3], program.steps[step, 4]
    base = program.logs[log]
    width = program.windows[program.steps[step, 5]]
    output = program.steps[step, 7]
    operation, argument = program.outputs[output, 1], program.outputs[output, 2]
    slot, scale = program.outputs[output, 3], program.outputs[output, 4]
    stop = scratch.stop[log]
    start = 0 if width == FOREVER else lower_bound(ints, scratch.at[base], stop, moment - width)
    span = (start, stop)
    if operation == GAP:
        out[slot, place] = mean_gap(ints, scratch, base, mask, span, known)
        return
    if operation == SHARE:
        wanted = program.constants[argument]
        out[slot, place] = share(ints, floats, scratch, base, mask, column, kind, span, known, wanted)
        return
    if LATEST <= operation <= SINCE_FIRST or operation == AGE:
        row = pick(ints, floats, scratch, base, mask, column, kind, span, known, operation, argument)
        _put(ints, floats, scratch, base, column, kind, row, moment, operation, scale, out, out_ints, slot, place)
        return
    value = spread(ints, floats, scratch, base, mask, column, kind, span, known, moment, operation)
    if kind != FLOAT:
        value = value / float(scale)
    out[slot, place] = value


@compiled
def _put(
    ints: Ints, floats: Floats, scratch: Scratch, base: int, column: int, kind: int, row: int, moment: int,
    operation: int, scale: int, out: Floats, out_ints: Ints, slot: int, place: int,
) -> None:
    if operation in (SINCE_LAST, SINCE_FIRST):
        out[slot, place] = np.nan if row < 0 else float(moment - ints[scratch.at[base] + row]) / DAY
        return
    null = row < 0 or is_null(ints, floats, scratch.at[column] + row, kind)
    if scale == 0:
        out_ints[slot, place] = NULL if null else ints[scratch.at[column] + row]
    elif null:
        out[slot, place] = np.nan
    elif operation == AGE:
        out[slot, place] = float(moment - ints[scratch.at[column] + row]) / DAY
    elif kind == FLOAT:
        out[slot, place] = floats[scratch.at[column] + row]
    else:
        out[slot, place] = float(ints[scratch.at[column] + row]) / float(scale)
