"""The drivers: many moments of the entities of one bucket, and one moment of many packed entities."""

from __future__ import annotations

import numpy as np

from features.kernel.closing import build_tiles
from features.kernel.codes import DISTINCT, FLOAT, TALLY
from features.kernel.compiled import borrowed, compiled, inlined
from features.kernel.distinct import distinct_step
from features.kernel.formula import run_formulas
from features.kernel.packing import join_rows, pack_rows, run_starts
from features.kernel.program import AT, LOGS, MASKS, PLAIN, ROWS, STEPS, STOP, Floats, Ints
from features.kernel.search import fill_masks, locate, lower_bound
from features.kernel.single import single_step
from features.kernel.tally import float_step, whole_step
from features.kernel.tiles import no_tiles

CLOCKS = 3  # the first columns of a log: occurred_at, known_at, superseded_at


@inlined
def take_step(
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
    out_ints: Ints,
    place: int,
) -> None:
    """Fill the slots of one step for one ``(entity, moment)`` at `place`."""
    family = code[step]
    if family == TALLY:
        if code[step + 4] == FLOAT:
            float_step(ints, floats, code, memory, tiles, parts, step, moment, known, out, place)
        else:
            whole_step(ints, code, memory, tiles, step, moment, known, out, place)
    elif family == DISTINCT:
        distinct_step(ints, floats, code, memory, tiles, step, moment, known, out, out_ints, place)
    else:
        single_step(ints, floats, code, memory, step, moment, known, out, out_ints, place)


@compiled
def answer(
    ints: Ints,
    floats: Floats,
    code: Ints,
    memory: Ints,
    tiles: Ints,
    parts: Floats,
    moment: int,
    known: int,
    out: Floats,
    out_ints: Ints,
    place: int,
) -> None:
    """Fill the slot of every step for one ``(entity, moment)`` at `place`."""
    for log in range(code[LOGS + 1]):
        times = memory[memory[AT] + code[code[LOGS] + log]]
        memory[memory[STOP] + log] = lower_bound(ints, times, memory[memory[ROWS] + log], moment)
    for number in range(code[STEPS + 1]):
        step = code[STEPS] + 9 * number
        take_step(ints, floats, code, memory, tiles, parts, step, moment, known, out, out_ints, place)


@compiled
def run_bucket(
    ints: Ints,
    columns: Ints,
    bounds: Ints,
    spine: Ints,
    places: Ints,
    moments: Ints,
    knowns: Ints,
    code: Ints,
    memory: Ints,
    tiles: Ints,
    out: Floats,
) -> None:
    """Answer the spine rows of some entities from one bucket of one log.

    Step by step over all of them, not row by row: a step then reads one column forwards, and its rows do not wait for
    each other's memory.

    Parameters
    ----------
    ints : int64[]
        The bucket's buffer.
    columns : int64[C]
        Where each column of the program begins in it.
    bounds : int64[E, 2]
        First and last row (exclusive) of each entity; equal where it has none.
    spine : int64[E, 2]
        First and last place (exclusive) of each entity in `places`.
    places : int64[]
        Spine rows, by entity.
    moments, knowns : int64[]
        The moment and the knowledge cutoff of each spine row.
    code, memory : int64[]
        From `assemble` and `memory_for`, its masks for all rows of all the entities.
    tiles : int64[]
        From `no_tiles`.
    out : float64[slots, rows]
    """
    ints, code, memory, tiles, out = borrowed(ints), borrowed(code), borrowed(memory), borrowed(tiles), borrowed(out)
    floats, out_ints, constants = ints.view(np.float64), out.view(np.int64), code.view(np.float64)
    parts, stops, masks = tiles.view(np.float64), np.empty(places.size, np.int64), memory[MASKS]
    plain = np.empty(bounds.shape[0], np.int64)
    for entity in range(bounds.shape[0]):
        for column in range(columns.shape[0]):
            turn_to(columns, column, bounds[entity, 0], memory)
        rows = bounds[entity, 1] - bounds[entity, 0]
        memory[memory[ROWS]] = rows
        fill_masks(ints, floats, code, constants, memory, tiles)
        memory[MASKS] += rows
        plain[entity] = memory[memory[PLAIN]]
        for position in range(spine[entity, 0], spine[entity, 1]):
            stops[position] = lower_bound(ints, memory[memory[AT]], rows, moments[places[position]])
    for number in range(code[STEPS + 1]):
        step = code[STEPS] + 9 * number
        memory[MASKS] = masks
        for entity in range(bounds.shape[0]):
            for clock in range(CLOCKS):
                turn_to(columns, clock, bounds[entity, 0], memory)
            if code[step + 3] >= 0:
                turn_to(columns, code[step + 3], bounds[entity, 0], memory)
            memory[memory[PLAIN]] = plain[entity]
            for position in range(spine[entity, 0], spine[entity, 1]):
                row = places[position]
                memory[memory[STOP]] = stops[position]
                take_step(ints, floats, code, memory, tiles, parts, step, moments[row], knowns[row], out, out_ints, row)
            memory[MASKS] += bounds[entity, 1] - bounds[entity, 0]
    memory[MASKS] = masks


@inlined
def turn_to(columns: Ints, column: int, row: int, memory: Ints) -> None:
    """Tell the memory where an entity's rows begin in a column of a bucket."""
    memory[memory[AT] + column] = columns[column] + row


@compiled
def run_packed(
    ints: Ints, begins: Ints, sources: Ints, moment: int, code: Ints, memory: Ints, tiles: Ints, out: Floats, place: int
) -> None:
    """Answer one moment for packed entities, formulas included.

    Parameters
    ----------
    ints : int64[]
        Packed states, one after the other.
    begins : int64[E]
        Where each entity's state begins; -1 where there is none.
    sources : int64[C, 3]
        For each column of the program: its log in the program, its log in the state, its position there.
    tiles : int64[]
        Those of the one entity, from `build_tiles`, or `no_tiles`.
    out : float64[slots, places]
    place : int
        The place of the first entity; the others follow.
    """
    ints, code, memory, tiles, out = borrowed(ints), borrowed(code), borrowed(memory), borrowed(tiles), borrowed(out)
    floats, out_ints, constants = ints.view(np.float64), out.view(np.int64), code.view(np.float64)
    parts = tiles.view(np.float64)
    for entity in range(begins.shape[0]):
        locate(ints, begins[entity], sources, memory)
        fill_masks(ints, floats, code, constants, memory, tiles)
        answer(ints, floats, code, memory, tiles, parts, moment, moment, out, out_ints, place + entity)
        run_formulas(code, constants, out, place + entity)


@compiled
def run_rows(code: Ints, out: Floats) -> None:
    """Evaluate the formulas of a program on every row of `out`."""
    constants = code.view(np.float64)
    for place in range(out.shape[1]):
        run_formulas(code, constants, out, place)


__all__ = ["build_tiles", "join_rows", "no_tiles", "pack_rows", "run_bucket", "run_packed", "run_rows", "run_starts"]
