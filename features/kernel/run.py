"""The drivers: many moments of the entities of one bucket, and one moment of many packed entities."""

from __future__ import annotations

from features.kernel.codes import DISTINCT, TALLY
from features.kernel.compiled import compiled
from features.kernel.distinct import distinct_step
from features.kernel.packing import pack_rows
from features.kernel.program import Floats, Ints, Program, Scratch
from features.kernel.search import fill_masks, lower_bound
from features.kernel.single import single_step
from features.kernel.tally import tally_step


@compiled
def answer(
    ints: Ints, floats: Floats, program: Program, scratch: Scratch, moment: int, known: int,
    out: Floats, out_ints: Ints, place: int,
) -> None:
    """Fill every slot of one ``(entity, moment)`` at `place`."""
    for log in range(program.logs.shape[0]):
        scratch.stop[log] = lower_bound(ints, scratch.at[program.logs[log]], scratch.rows[log], moment)
    for step in range(program.steps.shape[0]):
        family = program.steps[step, 0]
        if family == TALLY:
            tally_step(ints, floats, program, scratch, step, moment, known, out, place)
        elif family == DISTINCT:
            distinct_step(ints, floats, program, scratch, step, moment, known, out, out_ints, place)
        else:
            single_step(ints, floats, program, scratch, step, moment, known, out, out_ints, place)


@compiled
def run_bucket(
    ints: Ints, floats: Floats, columns: Ints, bounds: Ints, spine: Ints, order: Ints, moments: Ints, knowns: Ints,
    program: Program, scratch: Scratch, out: Floats, out_ints: Ints,
) -> None:
    """Answer the spine rows of some entities from one bucket of one log.

    Parameters
    ----------
    ints, floats : int64[], float64[]
        The bucket's buffer, seen both ways.
    columns : int64[C]
        Where each column of the bucket begins.
    bounds : int64[E, 2]
        First and last row (exclusive) of each entity; equal where it has none.
    spine : int64[E, 2]
        First and last place in `order` of each entity.
    order : int64[]
        Spine rows, by entity and moment.
    moments, knowns : int64[]
        The moment and the knowledge cutoff of each spine row.
    out, out_ints : float64[slots, rows], int64[slots, rows]
        One memory, seen both ways.
    """
    for entity in range(bounds.shape[0]):
        for column in range(columns.shape[0]):
            scratch.at[column] = columns[column] + bounds[entity, 0]
        scratch.rows[0] = bounds[entity, 1] - bounds[entity, 0]
        fill_masks(ints, floats, program, scratch)
        for position in range(spine[entity, 0], spine[entity, 1]):
            row = order[position]
            answer(ints, floats, program, scratch, moments[row], knowns[row], out, out_ints, row)


@compiled
def run_packed(
    ints: Ints, floats: Floats, begins: Ints, sources: Ints, program: Program, scratch: Scratch, moment: int,
    out: Floats, out_ints: Ints,
) -> None:
    """Answer one moment for packed entities.

    Parameters
    ----------
    begins : int64[E]
        Where each entity's state begins in the buffer; -1 where there is none.
    sources : int64[C, 3]
        For each column of the program: its log in the program, its log in the state, its position there.
    """
    for entity in range(begins.shape[0]):
        begin = begins[entity]
        for column in range(sources.shape[0]):
            log, packed, position = sources[column, 0], sources[column, 1], sources[column, 2]
            rows = 0 if begin < 0 else ints[begin + 2 + 2 * packed]
            scratch.rows[log] = rows
            scratch.at[column] = 0 if begin < 0 else begin + ints[begin + 3 + 2 * packed] + position * rows
        fill_masks(ints, floats, program, scratch)
        answer(ints, floats, program, scratch, moment, moment, out, out_ints, entity)


__all__ = ["answer", "pack_rows", "run_bucket", "run_packed"]
