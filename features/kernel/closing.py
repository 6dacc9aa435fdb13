"""Closing tiles: what the rows of each closed tile of a packed state come to, once it is settled."""

from __future__ import annotations

import numpy as np

from features.kernel.codes import DISTINCT, FLOAT, FOREVER, NULL, TALLY, TILE
from features.kernel.compiled import borrowed, compiled
from features.kernel.distinct import distinct_word, find, tell
from features.kernel.program import (
    BEGINS,
    CLOSED,
    EPOCH,
    FILLED,
    FIRSTS,
    HEAD,
    LOGS,
    PLAINLY,
    ROWS,
    SETTLED,
    STEPS,
    Floats,
    Ints,
)
from features.kernel.search import clocks_of, fill_masks, is_seen, locate, mask_of, values_of
from features.kernel.tally import add_floats, add_whole
from features.kernel.tiles import PART, VALUE


@compiled
def build_tiles(ints: Ints, sources: Ints, code: Ints, memory: Ints, least: int) -> Ints:
    """The tiles of one packed state for one program; none of a log in which they hold fewer rows than `least` each.

    `sources` is as for `run_packed`.
    """
    ints, code, memory = borrowed(ints), borrowed(code), borrowed(memory)
    floats, constants = ints.view(np.float64), code.view(np.float64)
    locate(ints, 0, sources, memory)
    heads = _heads(ints, code, memory, least)
    none = np.zeros_like(heads)
    fill_masks(ints, floats, code, constants, memory, none)
    logs, steps = code[LOGS + 1], code[STEPS + 1]
    sizes = np.zeros(steps, np.int64)
    for number in range(steps):
        step = code[STEPS] + 9 * number
        closed = heads[1 + HEAD * code[step + 1] + CLOSED]
        if code[step] == TALLY:
            sizes[number] = PART * closed
        elif code[step] == DISTINCT:
            sizes[number] = _list_values(ints, floats, code, memory, heads, step, closed, 0, False)
    tiles = np.concatenate((heads, np.zeros(sizes.sum(), np.int64)))
    begin = heads.size
    for number in range(steps):
        step = code[STEPS] + 9 * number
        closed = heads[1 + HEAD * code[step + 1] + CLOSED]
        if sizes[number] > 0:
            tiles[1 + HEAD * logs + number] = begin
            if code[step] == TALLY:
                _add_up(ints, floats, code, memory, tiles, step, closed, begin)
            else:
                _list_values(ints, floats, code, memory, tiles, step, closed, begin, True)
        begin += sizes[number]
    return tiles


@compiled
def _heads(ints: Ints, code: Ints, memory: Ints, least: int) -> Ints:
    """The tiles of each log: their first rows and when they were settled, with no parts yet."""
    logs, steps = code[LOGS + 1], code[STEPS + 1]
    closed = np.zeros(logs, np.int64)
    for log in range(logs):
        closed[log] = _closed(ints, memory[clocks_of(code, memory, log)], memory[memory[ROWS] + log], least)
    end = 1 + HEAD * logs + steps
    heads = np.zeros(end + 2 * closed.sum() + logs, np.int64)
    for log in range(logs):
        end = _mark(ints, code, memory, heads, log, closed[log], end)
    return heads


@compiled
def _closed(ints: Ints, times: int, rows: int, least: int) -> int:
    """How many closed tiles a log has; 0 where they hold too few rows."""
    closed = 0
    for row in range(1, rows):
        closed += ints[times + row] // TILE != ints[times + row - 1] // TILE
    return closed if least * closed <= rows else 0


@compiled
def _mark(ints: Ints, code: Ints, memory: Ints, tiles: Ints, log: int, closed: int, end: int) -> int:
    """Fill a log's head, and for each of its tiles the first row and when it was settled; where they end."""
    clocks, rows, head = clocks_of(code, memory, log), memory[memory[ROWS] + log], 1 + HEAD * log
    times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
    firsts, settled = end, end + closed + 1
    tiles[head + CLOSED], tiles[head + BEGINS], tiles[head + SETTLED] = closed, firsts, settled
    tiles[head + FILLED], tiles[head + PLAINLY] = rows, 1
    tile = 0
    for row in range(rows):
        if row > 0 and tile < closed and ints[times + row] // TILE != ints[times + row - 1] // TILE:
            tile += 1
            tiles[firsts + tile] = row
        if ints[knowns + row] > ints[times + row] or ints[ends + row] != FOREVER:
            tiles[head + PLAINLY] = 0
        if tile < closed:
            late = ints[knowns + row] if ints[ends + row] == FOREVER else max(ints[knowns + row], ints[ends + row])
            tiles[settled + tile] = late if row == tiles[firsts + tile] else max(tiles[settled + tile], late)
    return settled + closed


@compiled
def _add_up(
    ints: Ints, floats: Floats, code: Ints, memory: Ints, tiles: Ints, step: int, closed: int, begin: int
) -> None:
    """Fill the parts of a step of the family TALLY, which begin at `begin`."""
    log, parts = code[step + 1], tiles.view(np.float64)
    clocks, firsts = clocks_of(code, memory, log), tiles[1 + HEAD * log + BEGINS]
    knowns, ends = memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    for tile in range(closed):
        first, last, at = tiles[firsts + tile], tiles[firsts + tile + 1], begin + PART * tile
        if code[step + 4] == FLOAT:
            parts[at + 1], tiles[at], parts[at + 2], parts[at + 3] = add_floats(
                ints, floats, memory, knowns, ends, passed, values, first, last, FOREVER, False, 0, np.inf, -np.inf
            )
        else:
            tiles[at], tiles[at + 1], tiles[at + 2], tiles[at + 3] = add_whole(
                ints, memory, knowns, ends, passed, values, first, last, FOREVER, False, 0, 0, FOREVER, NULL
            )


@compiled
def _list_values(
    ints: Ints,
    floats: Floats,
    code: Ints,
    memory: Ints,
    tiles: Ints,
    step: int,
    closed: int,
    begin: int,
    is_filling: bool,
) -> int:
    """Fill the parts of a step of the family DISTINCT, which begin at `begin`, or only count their words.

    How many words they have; 0 where there are so many values that walking the rows is as fast.
    """
    log, kind = code[step + 1], code[step + 4]
    clocks, firsts = clocks_of(code, memory, log), tiles[1 + HEAD * log + BEGINS]
    knowns, ends = memory[clocks + 1], memory[clocks + 2]
    passed, values = mask_of(memory, code[step + 2]), values_of(memory, code[step + 3])
    place = begin + closed + 1
    for tile in range(closed):
        if is_filling:
            tiles[begin + tile] = place
        first, last, size = tiles[firsts + tile], tiles[firsts + tile + 1], 7
        while size < 2 * (last - first):
            size = 2 * size + 1
        memory[EPOCH] += 1
        for back in range(last - first):
            row = last - 1 - back
            value = distinct_word(ints, floats, values + row, kind)
            if value == NULL or not is_seen(ints, memory, knowns, ends, passed, row, FOREVER):
                continue
            is_new = tell(memory, size, value, place, 1)
            if is_new and is_filling:
                tiles[place], tiles[place + 1], tiles[place + 2] = value, 0, row
            if is_filling:
                tiles[memory[memory[FIRSTS] + find(memory, size, value)] + 1] += 1
            place += VALUE * is_new
    if is_filling and closed > 0:
        tiles[begin + closed] = place
    return place - begin if 2 * (place - begin) <= VALUE * tiles[firsts + closed] else 0
