"""The drivers: many moments of the entities of one bucket, and one moment of many packed entities."""

from __future__ import annotations

import numpy as np

from features.kernel.codes import DISTINCT, FLOAT, TALLY
from features.kernel.compiled import compiled
from features.kernel.distinct import distinct_step
from features.kernel.formula import run_formulas
from features.kernel.packing import join_rows, pack_rows
from features.kernel.program import AT, LOGS, ROWS, STEPS, STOP, Floats, Ints
from features.kernel.search import fill_masks, lower_bound
from features.kernel.single import single_step
from features.kernel.tally import float_step, whole_step


@compiled
def answer(
    ints: Ints,
    floats: Floats,
    code: Ints,
    memory: Ints,
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
                float_step(ints, floats, code, memory, step, moment, known, out, place)
            else:
                whole_step(ints, code, memory, step, moment, known, out, place)
        elif family == DISTINCT:
            distinct_step(ints, floats, code, memory, step, moment, known, out, out_ints, place)
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
    out : float64[slots, rows]
    """
    floats, out_ints, constants = ints.view(np.float64), out.view(np.int64), code.view(np.float64)
    for entity in range(bounds.shape[0]):
        for column in range(columns.shape[0]):
            memory[memory[AT] + column] = columns[column] + bounds[entity, 0]
        memory[memory[ROWS]] = bounds[entity, 1] - bounds[entity, 0]
        fill_masks(ints, floats, code, constants, memory)
        for position in range(spine[entity, 0], spine[entity, 1]):
            row = order[position]
            answer(ints, floats, code, memory, moments[row], knowns[row], out, out_ints, row)


@compiled
def run_packed(ints: Ints, begins: Ints, sources: Ints, moment: int, code: Ints, memory: Ints, out: Floats) -> None:
    """Answer one moment for packed entities, formulas included.

    Parameters
    ----------
    ints : int64[]
        Packed states, one after the other.
    begins : int64[E]
        Where each entity's state begins; -1 where there is none.
    sources : int64[C, 3]
        For each column of the program: its log in the program, its log in the state, its position there.
    """
    floats, out_ints, constants = ints.view(np.float64), out.view(np.int64), code.view(np.float64)
    for entity in range(begins.shape[0]):
        begin = begins[entity]
        for column in range(sources.shape[0]):
            log, packed, position = sources[column, 0], sources[column, 1], sources[column, 2]
            rows = 0 if begin < 0 else ints[begin + 2 + 2 * packed]
            memory[memory[ROWS] + log] = rows
            memory[memory[AT] + column] = 0 if begin < 0 else begin + ints[begin + 3 + 2 * packed] + position * rows
        fill_masks(ints, floats, code, constants, memory)
        answer(ints, floats, code, memory, moment, moment, out, out_ints, entity)
        run_formulas(code, constants, out, entity)


@compiled
def run_rows(code: Ints, out: Floats) -> None:
    """Evaluate the formulas of a program on every row of `out`."""
    constants = code.view(np.float64)
    for place in range(out.shape[1]):
        run_formulas(code, constants, out, place)


__all__ = ["join_rows", "pack_rows", "run_bucket", "run_packed", "run_rows"]
