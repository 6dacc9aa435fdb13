"""Distinct values and the most frequent one over nested windows, in one pass from the newest row back."""

from __future__ import annotations

import numpy as np

from features.kernel.codes import FLOAT, FOREVER, NULL, NUNIQUE
from features.kernel.compiled import compiled, inlined
from features.kernel.program import COUNTS, EPOCH, FIRSTS, KEYS, OUTPUTS, STAMPS, STOP, WINDOWS, Floats, Ints
from features.kernel.search import clocks_of, is_plain, is_seen, mask_of, values_of
from features.kernel.tiles import VALUE, parts_of, stands, tiles_of


@inlined
def find(memory: Ints, last: int, value: int) -> int:
    """The place of a value in the first `last` + 1 places of the hash table, or the free place where it belongs."""
    mixed = value * -7046029254386353131
    place = (mixed ^ (mixed >> 29)) & last
    keys, stamps, epoch = memory[KEYS], memory[STAMPS], memory[EPOCH]
    while memory[stamps + place] == epoch and memory[keys + place] != value:
        place = (place + 1) & last
    return place


@inlined
def tell(memory: Ints, last: int, value: int, row: int, times: int) -> bool:
    """Count a value met first at `row`, so many times; whether it is new."""
    at = find(memory, last, value)
    fresh = memory[memory[STAMPS] + at] != memory[EPOCH]
    if fresh:
        memory[memory[STAMPS] + at] = memory[EPOCH]
        memory[memory[KEYS] + at] = value
        memory[memory[COUNTS] + at] = 0
        memory[memory[FIRSTS] + at] = row
    memory[memory[COUNTS] + at] += times
    return bool(fresh)


@compiled
def better(memory: Ints, last: int, value: int, best: int) -> bool:
    """Whether a value is more frequent than `best`, or as frequent and seen later."""
    counts, firsts = memory[COUNTS], memory[FIRSTS]
    left, right = find(memory, last, value), find(memory, last, best)
    if memory[counts + left] != memory[counts + right]:
        return bool(memory[counts + left] > memory[counts + right])
    return bool(memory[firsts + left] > memory[firsts + right])


@inlined
def distinct_word(ints: Ints, floats: Floats, place: int, kind: int) -> int:
    """The word by which the value at `place` is told from others: both zeros are one, every NaN is null."""
    if kind == FLOAT:
        number = floats[place]
        return NULL if number != number else (0 if number == 0.0 else ints[place])
    return int(ints[place])


@inlined
def seeks_mode(code: Ints, step: int) -> bool:
    """Whether any output of a step of the family DISTINCT is the most frequent value."""
    modes = 0
    for number in range(code[step + 7], code[step + 8]):
        modes += code[code[OUTPUTS] + 5 * number + 1] != NUNIQUE
    return bool(modes > 0)


@inlined
def distinct_step(
    ints: Ints,
    floats: Floats,
    code: Ints,
    memory: Ints,
    tiles: Ints,
    step: int,
    moment: int,
    known: int,
    out: Floats,
    out_ints: Ints,
    place: int,
) -> None:
    """Fill the outputs of the step of the family DISTINCT that begins at `step` of the program.

    A value's rank is the row where it was met first on the way back: of equally frequent values the one
    seen last wins.
    """
    log, kind = code[step + 1], code[step + 4]
    clocks = clocks_of(code, memory, log)
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    plain, is_ranked = is_plain(memory, log, passed, moment, known), seeks_mode(code, step)
    firsts, settled, before = tiles_of(tiles, log, memory[memory[STOP] + log])
    listed = parts_of(code, tiles, step)
    memory[EPOCH] += 1
    row, found, best, last = memory[memory[STOP] + log] - 1, 0, NULL, 7
    while last < 2 * row:  # a small part of a large table stays near
        last = 2 * last + 1
    for window in range(code[step + 5], code[step + 6]):
        width = code[code[WINDOWS] + window]
        edge = moment - width if width != FOREVER else NULL
        while row >= 0 and ints[times + row] >= edge:
            if listed > 0:
                while tiles[firsts + before - 1] > row:
                    before -= 1
                begin = tiles[firsts + before - 1]
                if ints[times + begin] >= edge and stands(tiles, log, firsts, settled, before - 1, row + 1, known):
                    for at in range(tiles[listed + before - 1], tiles[listed + before], VALUE):
                        found += tell(memory, last, tiles[at], tiles[at + 2], tiles[at + 1])
                        if is_ranked and (best == NULL or better(memory, last, tiles[at], best)):
                            best = tiles[at]
                    row = begin - 1
                    continue
            value = distinct_word(ints, floats, values + row, kind)
            if value != NULL and (plain or is_seen(ints, memory, knowns, ends, passed, row, known)):
                found += tell(memory, last, value, row, 1)
                if is_ranked and (best == NULL or better(memory, last, value, best)):
                    best = value
            row -= 1
        for number in range(code[step + 7], code[step + 8]):
            output = code[OUTPUTS] + 5 * number
            if code[output] == window - code[step + 5]:
                slot, scale = code[output + 3], code[output + 4]
                if code[output + 1] == NUNIQUE:
                    out[slot, place] = float(found)
                elif scale == 0:
                    out_ints[slot, place] = best
                else:
                    out[slot, place] = np.nan if best == NULL else float(best) / float(scale)
