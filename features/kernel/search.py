"""Finding rows: bounds in time, visibility, filters."""

from __future__ import annotations

import numpy as np

from features.kernel.codes import AT_LEAST, AT_MOST, FLOAT, IN, IS_NULL, LESS, MORE, NOT_IN, NULL
from features.kernel.compiled import compiled
from features.kernel.program import Floats, Ints, Program, Scratch


@compiled
def lower_bound(ints: Ints, start: int, rows: int, moment: int) -> int:
    """How many of the `rows` ascending moments that begin at `start` lie before `moment`."""
    low, high = 0, rows
    while low < high:
        middle = (low + high) // 2
        if ints[start + middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def is_seen(ints: Ints, scratch: Scratch, base: int, mask: int, row: int, known: int) -> bool:
    """Whether a row was known before `known`, not yet superseded, and passes its filter."""
    if ints[scratch.at[base + 1] + row] >= known or ints[scratch.at[base + 2] + row] < known:
        return False
    return mask < 0 or scratch.masks[mask, row] == 1


@compiled
def fill_masks(ints: Ints, floats: Floats, program: Program, scratch: Scratch) -> None:
    """Evaluate every filter on every row of the entity."""
    for number in range(program.filters.shape[0]):
        log, first, last = program.filters[number, 0], program.filters[number, 1], program.filters[number, 2]
        for row in range(scratch.rows[log]):
            passed = 1
            for atom in range(first, last):
                if not _holds(ints, floats, program, scratch, atom, row):
                    passed = 0
                    break
            scratch.masks[number, row] = passed


@compiled
def _holds(ints: Ints, floats: Floats, program: Program, scratch: Scratch, atom: int, row: int) -> bool:
    place = scratch.at[program.atoms[atom, 0]] + row
    operation, kind = program.atoms[atom, 1], program.atoms[atom, 2]
    null = floats[place] != floats[place] if kind == FLOAT else ints[place] == NULL
    if operation >= IS_NULL:
        return null == (operation == IS_NULL)
    if null:
        return False
    first, last = program.atoms[atom, 3], program.atoms[atom, 4]
    if operation <= NOT_IN:
        found = False
        for position in range(first, last):
            if ints[place] == program.constants[position]:
                found = True
        return found == (operation == IN)
    if kind == FLOAT:
        return _compare(operation, floats[place], program.constants.view(np.float64)[first])
    return _compare(operation, ints[place], program.constants[first])


@compiled
def _compare(operation: int, value: float, bound: float) -> bool:
    if operation == LESS:
        return value < bound
    if operation == AT_MOST:
        return value <= bound
    if operation == MORE:
        return value > bound
    return operation == AT_LEAST and value >= bound
