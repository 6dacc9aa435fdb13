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
    NULL,
    SHARE,
    SINCE_FIRST,
    SINCE_LAST,
    STD,
    TILE,
)
from features.kernel.compiled import compiled, inlined
from features.kernel.program import CONSTANTS, OUTPUTS, STOP, WINDOWS, Floats, Ints
from features.kernel.search import clocks_of, is_null, is_plain, is_seen, lower_bound, mask_of, values_of

DAY = float(TILE)


@inlined
def number_at(ints: Ints, floats: Floats, place: int, kind: int) -> float:
    """The value at `place` as a float."""
    return float(floats[place]) if kind == FLOAT else float(ints[place])


@inlined
def pick(
    ints: Ints,
    floats: Floats,
    memory: Ints,
    knowns: int,
    ends: int,
    passed: int,
    values: int,
    kind: int,
    first: int,
    last: int,
    known: int,
    operation: int,
    argument: int,
    plain: bool,
) -> int:
    """The row that an operation of place asks for, or -1.

    LATEST and AGE take the newest row whatever it holds; LAG and FIRST pass over nulls; SINCE_* need no column.
    """
    if operation in (FIRST, SINCE_FIRST):
        for row in range(first, last):
            if is_seen(ints, memory, knowns, ends, passed, row, known) and (
                values < 0 or not is_null(ints, floats, values + row, kind)
            ):
                return row
        return -1
    if plain and operation != LAG:
        return last - 1 if last > first else -1
    left = argument if operation == LAG else 0
    for back in range(last - first):
        row = last - 1 - back
        if not is_seen(ints, memory, knowns, ends, passed, row, known):
            continue
        if operation == LAG and is_null(ints, floats, values + row, kind):
            continue
        if left == 0:
            return row
        left -= 1
    return -1


@compiled
def spread(
    ints: Ints,
    floats: Floats,
    memory: Ints,
    times: int,
    knowns: int,
    ends: int,
    passed: int,
    values: int,
    kind: int,
    first: int,
    last: int,
    known: int,
    operation: int,
) -> float:
    """Sample deviation, or least-squares slope per day, of values shifted by the first, in time order."""
    count, start, x_total, y_total, first_time, last_time = 0, 0.0, 0.0, 0.0, 0, 0
    for row in range(first, last):
        if is_null(ints, floats, values + row, kind) or not is_seen(ints, memory, knowns, ends, passed, row, known):
            continue
        if count == 0:
            start = number_at(ints, floats, values + row, kind)
            first_time = ints[times + row]
        last_time = ints[times + row]
        count += 1
        y_total += number_at(ints, floats, values + row, kind) - start
        x_total += float(ints[times + row] - first_time) / DAY
    if count < 2 or (operation != STD and first_time == last_time):
        return np.nan
    x_mean, y_mean, xx, xy, yy = x_total / float(count), y_total / float(count), 0.0, 0.0, 0.0
    for row in range(first, last):
        if is_null(ints, floats, values + row, kind) or not is_seen(ints, memory, knowns, ends, passed, row, known):
            continue
        y = number_at(ints, floats, values + row, kind) - start - y_mean
        x = float(ints[times + row] - first_time) / DAY - x_mean
        xx += x * x
        xy += x * y
        yy += y * y
    return float(np.sqrt(yy / float(count - 1))) if operation == STD else xy / xx


@compiled
def mean_gap(
    ints: Ints, memory: Ints, times: int, knowns: int, ends: int, passed: int, first: int, last: int, known: int
) -> float:
    """Mean days between successive rows; null below two rows."""
    count, oldest, newest = 0, 0, 0
    for row in range(first, last):
        if is_seen(ints, memory, knowns, ends, passed, row, known):
            if count == 0:
                oldest = ints[times + row]
            newest = ints[times + row]
            count += 1
    return np.nan if count < 2 else float(newest - oldest) / (float(count - 1) * DAY)


@compiled
def share(
    ints: Ints,
    floats: Floats,
    memory: Ints,
    knowns: int,
    ends: int,
    passed: int,
    values: int,
    kind: int,
    first: int,
    last: int,
    known: int,
    wanted: int,
) -> float:
    """Share of one value among the non-null ones; null where there are none."""
    count, hits = 0, 0
    for row in range(first, last):
        if not is_null(ints, floats, values + row, kind) and is_seen(ints, memory, knowns, ends, passed, row, known):
            count += 1
            hits += ints[values + row] == wanted
    return np.nan if count == 0 else float(hits) / float(count)


@inlined
def single_step(
    ints: Ints,
    floats: Floats,
    code: Ints,
    memory: Ints,
    step: int,
    moment: int,
    known: int,
    out: Floats,
    out_ints: Ints,
    place: int,
) -> None:
    """Fill the one output of the step of the family SINGLE that begins at `step` of the program."""
    log, kind = code[step + 1], code[step + 4]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    width = code[code[WINDOWS] + code[step + 5]]
    output = code[OUTPUTS] + 5 * code[step + 7]
    operation, argument, slot, scale = code[output + 1], code[output + 2], code[output + 3], code[output + 4]
    last = memory[memory[STOP] + log]
    first = 0 if width == FOREVER else lower_bound(ints, times, last, moment - width)
    if operation == GAP:
        out[slot, place] = mean_gap(ints, memory, times, knowns, ends, passed, first, last, known)
    elif operation == SHARE:
        wanted = code[code[CONSTANTS] + argument]
        out[slot, place] = share(ints, floats, memory, knowns, ends, passed, values, kind, first, last, known, wanted)
    elif operation <= SINCE_FIRST or operation == AGE:
        plain = is_plain(memory, log, passed, moment, known)
        row = pick(
            ints, floats, memory, knowns, ends, passed, values, kind, first, last, known, operation, argument, plain
        )
        _put(ints, floats, times, values, kind, row, moment, operation, scale, out, out_ints, slot, place)
    else:
        value = spread(ints, floats, memory, times, knowns, ends, passed, values, kind, first, last, known, operation)
        out[slot, place] = value if kind == FLOAT else value / float(scale)


@inlined
def _put(
    ints: Ints,
    floats: Floats,
    times: int,
    values: int,
    kind: int,
    row: int,
    moment: int,
    operation: int,
    scale: int,
    out: Floats,
    out_ints: Ints,
    slot: int,
    place: int,
) -> None:
    if operation in (SINCE_LAST, SINCE_FIRST):
        out[slot, place] = np.nan if row < 0 else float(moment - ints[times + row]) / DAY
        return
    null = row < 0 or is_null(ints, floats, values + row, kind)
    if scale == 0:
        out_ints[slot, place] = NULL if null else ints[values + row]
    elif null:
        out[slot, place] = np.nan
    elif operation == AGE:
        out[slot, place] = float(moment - ints[values + row]) / DAY
    elif kind == FLOAT:
        out[slot, place] = floats[values + row]
    else:
        out[slot, place] = float(ints[values + row]) / float(scale)
