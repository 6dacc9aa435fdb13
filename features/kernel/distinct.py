"""Distinct values and the most frequent one over nested windows, in one pass from the newest row back."""

from __future__ import annotations

import numpy as np

from features.kernel.codes import FLOAT, FOREVER, NULL, NUNIQUE
from features.kernel.compiled import compiled
from features.kernel.program import Floats, Ints, Program, Scratch
from features.kernel.search import is_seen


@compiled
def _find(scratch: Scratch, value: int) -> int:
    capacity = scratch.keys.shape[0]
    mixed = value * np.int64(-7046029254386353131)
    place = (mixed ^ (mixed >> 29)) & (capacity - 1)
    epoch = scratch.epoch[0]
    while scratch.stamps[place] == epoch and scratch.keys[place] != value:
        place = (place + 1) & (capacity - 1)
    return place


@compiled
def distinct_step(
    ints: Ints, floats: Floats, program: Program, scratch: Scratch, step: int, moment: int, known: int,
    out: Floats, out_ints: Ints, place: int,
) -> None:
    """Fill the outputs of one step of the family DISTINCT.

    A value's rank is the row where it was met first on the way back: of equally frequent values the one
    seen last wins.
    """
    log, mask, column, kind = program.steps[step, 1], program.steps[step, 2], program.steps[step, 3], program.steps[step, 4]
    base = program.logs[log]
    times, values = scratch.at[base], scratch.at[column]
    scratch.epoch[0] += 1
    row, found, best = scratch.stop[log] - 1, 0, -1
    first_window, last_window = program.steps[step, 5], program.steps[step, 6]
    for window in range(first_window, last_window):
        width = program.windows[window]
        edge = moment - width if width != FOREVER else NULL
        while row >= 0 and ints[times + row] >= edge:
            value = ints[values + row]
            if kind == FLOAT:
                number = floats[values + row]
                value = NULL if number != number else (0 if number == 0.0 else value)
            if value != NULL and is_seen(ints, scratch, base, mask, row, known):
                at = _find(scratch, value)
                if scratch.stamps[at] != scratch.epoch[0]:
                    scratch.stamps[at] = scratch.epoch[0]
                    scratch.keys[at] = value
                    scratch.counts[at] = 0
                    scratch.firsts[at] = row
                    found += 1
                scratch.counts[at] += 1
                if best < 0 or scratch.counts[at] > scratch.counts[best] or (
                    scratch.counts[at] == scratch.counts[best] and scratch.firsts[at] > scratch.firsts[best]
                ):
                    best = at
            row -= 1
        for output in range(program.steps[step, 7], program.steps[step, 8]):
            if program.outputs[output, 0] == window - first_window:
                slot, scale = program.outputs[output, 3], program.outputs[output, 4]
                if program.outputs[output, 1] == NUNIQUE:
                    out[slot, place] = float(found)
                elif scale == 0:
                    out_ints[slot, place] = NULL if best < 0 else scratch.keys[best]
                else:
                    out[slot, place] = np.nan if best < 0 else float(scratch.keys[best]) / float(scale)
