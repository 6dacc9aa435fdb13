"""Counts, sums, means and extremes of one column over nested windows, in one pass from the newest row back.

The order of addition is part of the definition. Whole numbers (money, counts) are exact in any order. Floats are
added in time order inside each calendar tile (one UTC day), and the tiles' sums are added from the newest tile to
the oldest; the last tile of a window holds only the rows inside it. Every home adds in this order, so equal rows
give equal bits, and a tile of which the sums are known (`features.kernel.tiles`) gives the bits of its rows.
"""

from __future__ import annotations

import numpy as np

from features.kernel.codes import COUNT, FOREVER, MEAN, MIN, NULL, SUM, TILE
from features.kernel.compiled import inlined
from features.kernel.program import OUTPUTS, STOP, WINDOWS, Floats, Ints
from features.kernel.search import clocks_of, first_since, is_plain, is_seen, mask_of, values_of
from features.kernel.tiles import PART, parts_of, stands, tiles_of


@inlined
def add_whole(
    ints: Ints,
    memory: Ints,
    knowns: int,
    ends: int,
    passed: int,
    values: int,
    first: int,
    last: int,
    known: int,
    plain: bool,
    count: int,
    total: int,
    low: int,
    high: int,
) -> tuple[int, int, int, int]:
    """Count, sum, least and greatest with those of some rows added; without a column every row counts as 0."""
    for row in range(first, last):
        if plain or is_seen(ints, memory, knowns, ends, passed, row, known):
            value = 0 if values < 0 else ints[values + row]
            if value != NULL:
                count += 1
                total += value
                low = min(low, value)
                high = max(high, value)
    return count, total, low, high


@inlined
def add_floats(
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
    plain: bool,
    count: int,
    low: float,
    high: float,
) -> tuple[float, int, float, float]:
    """The sum of some rows of one tile by itself, and count, least and greatest with theirs added."""
    part = 0.0
    for row in range(first, last):
        value = floats[values + row]
        if value == value and (plain or is_seen(ints, memory, knowns, ends, passed, row, known)):
            count += 1
            part += value
            low = min(low, value)
            high = max(high, value)
    return part, count, low, high


@inlined
def _first_beside(ints: Ints, times: int, newest: int, since: int) -> int:
    """The first of the rows up to `newest` that happened at `since` or later."""
    while newest > 0 and ints[times + newest - 1] >= since:
        newest -= 1
    return newest


@inlined
def whole_step(
    ints: Ints, code: Ints, memory: Ints, tiles: Ints, step: int, moment: int, known: int, out: Floats, place: int
) -> None:
    """Fill the outputs of a step of the family TALLY over rows, or over a column of whole numbers."""
    log = code[step + 1]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    count, total, low, high = 0, 0, FOREVER, NULL
    last, plain = memory[memory[STOP] + log], is_plain(memory, log, passed, moment, known)
    firsts, settled, before = tiles_of(tiles, log, last)
    summed = parts_of(code, tiles, step)
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        first = first_since(ints, times, last, moment - width) if width != FOREVER else 0
        if plain and values < 0:
            count += last - first
            last = first
        while last > first:
            while tiles[firsts + before - 1] >= last:
                before -= 1
            begin = tiles[firsts + before - 1]
            if begin >= first and stands(tiles, log, firsts, settled, before - 1, last, known):
                at = summed + PART * (before - 1)
                count += tiles[at]
                total += tiles[at + 1]
                low, high = min(low, tiles[at + 2]), max(high, tiles[at + 3])
            else:
                begin = max(begin, first)
                count, total, low, high = add_whole(
                    ints, memory, knowns, ends, passed, values, begin, last, known, plain, count, total, low, high
                )
            last = begin
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
    ints: Ints,
    floats: Floats,
    code: Ints,
    memory: Ints,
    tiles: Ints,
    parts: Floats,
    step: int,
    moment: int,
    known: int,
    out: Floats,
    place: int,
) -> None:
    """Fill the outputs of a step of the family TALLY over a column of floats, tile by tile."""
    log = code[step + 1]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    plain = is_plain(memory, log, passed, moment, known)
    count, total, low, high = 0, 0.0, np.inf, -np.inf
    newest = memory[memory[STOP] + log] - 1
    summed = parts_of(code, tiles, step)
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        edge = moment - width if width != FOREVER else NULL
        firsts, settled, before = tiles_of(tiles, log, newest + 1)
        # the tile that the edge cuts is added to this window only: wider ones see more of it
        kept_count, kept_total, kept_low, kept_high, kept_newest = count, total, low, high, newest
        while newest >= 0 and ints[times + newest] >= edge:
            tile = ints[times + newest] // TILE * TILE
            while tiles[firsts + before - 1] > newest:
                before -= 1
            oldest = tiles[firsts + before - 1]
            if ints[times + oldest] >= edge and stands(tiles, log, firsts, settled, before - 1, newest + 1, known):
                at = summed + PART * (before - 1)
                count += tiles[at]
                part, low, high = parts[at + 1], min(low, parts[at + 2]), max(high, parts[at + 3])
            else:
                oldest, last = _first_beside(ints, times, newest, max(tile, edge)), newest + 1
                part, count, low, high = add_floats(
                    ints, floats, memory, knowns, ends, passed, values, oldest, last, known, plain, count, low, high
                )
            total += part
            newest = oldest - 1
            if tile >= edge:
                kept_count, kept_total, kept_low, kept_high, kept_newest = count, total, low, high, newest
        _write(code, step, window, count, total, low, high, out, place)
        count, total, low, high, newest = kept_count, kept_total, kept_low, kept_high, kept_newest


@inlined
def _write(
    code: Ints, step: int, window: int, count: int, total: float, low: float, high: float, out: Floats, place: int
) -> None:
    """Fill the outputs of one window."""
    for number in range(code[step + 7], code[step + 8]):
        output = code[OUTPUTS] + 5 * number
        if code[output] == window - code[step + 5]:
            out[code[output + 3], place] = _float(code[output + 1], count, total, low, high)


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
