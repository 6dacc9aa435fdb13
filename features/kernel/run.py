"""The drivers: many moments of the entities of one bucket, and one moment of many packed entities."""

from __future__ import annotations

import numpy as np

from features.kernel.closing import build_tiles
from features.kernel.codes import DISTINCT, FLOAT, TALLY
from features.kernel.compiled import compiled
from features.kernel.distinct import distinct_step
from features.kernel.formula import run_formulas
from features.kernel.packing import join_rows, pack_rows
from features.kernel.program import AT, LOGS, ROWS, STEPS, STOP, Floats, Ints
from features.kernel.search import fill_masks, locate, lower_bound
from features.kernel.single import single_step
from features.kernel.tally import float_step, whole_step
from features.kernel.tiles import no_tiles


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
def run_bucket(
    ints: Ints,
    columns: Ints,
    bounds: Ints,
    spine: Ints,
    order: Ints,
    moments: Ints,
    knowns: Ints,
    code: Ints,
    memory: Ints,
    tiles: Ints,
    out: Floats,
) -> None:
    """Answer the spine rows of some entities from one bucket of one log.

    Parameters
    ----------
    ints : int64[]
        The bucket's buffer.
    columns : int64[C]
        Where each column of the program begins in it.
    bounds : int64[E, 2]
        First and last row (exclusive) of each entity; equal where it has none.
    spine : int64[E, 2]
        First and last place (exclusive) of each entity in `order`.
    order : int64[]
        Spine rows, by entity and moment.
    moments, knowns : int64[]
        The moment and the knowledge cutoff of each spine row.
    code, memory : int64[]
        From `assemble` and `memory_for`.
    tiles : int64[]
        From `no_tiles`.
    out : float64[slots, rows]
    """
    floats, out_ints, constants = ints.view(np.float64), out.view(np.int64), code.view(np.float64)
    parts = tiles.view(np.float64)
    for entity in range(bounds.shape[0]):
        for column in range(columns.shape[0]):
            memory[memory[AT] + column] = columns[column] + bounds[entity, 0]
        memory[memory[ROWS]] = bounds[entity, 1] - bounds[entity, 0]
        fill_masks(ints, floats, code, constants, memory, tiles)
        for position in range(spine[entity, 0], spine[entity, 1]):
            row = order[position]
            answer(ints, floats, code, memory, tiles, parts, moments[row], knowns[row], out, out_ints, row)


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


__all__ = ["build_tiles", "join_rows", "no_tiles", "pack_rows", "run_bucket", "run_packed", "run_rows"]
