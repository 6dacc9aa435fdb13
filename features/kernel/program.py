"""A program: what the kernel is asked to compute, as one array of whole numbers, and its working memory, as another.

One array each, because handing arrays over to compiled code, and between compiled functions, costs more than a
short sum. The constants below name the places of their heads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Parts of a program: its head holds, at these places, where each part begins, and one place on, how many rows it has.
LOGS = 0  # place of each log's first column; a log's columns are occurred_at, known_at, superseded_at, values…
FILTERS = 2  # log, first atom, last atom (exclusive)
ATOMS = 4  # column, operation, kind, first constant, last constant (exclusive)
CONSTANTS = 6  # whole numbers or the bits of floats
STEPS = 8  # family, log, filter (-1: none), column (-1: none), kind, first and last window, first and last output
WINDOWS = 10  # widths, ascending within a step
OUTPUTS = 12  # window within its step, operation, argument, slot, scale (0: whole numbers are kept whole)
FORMULAS = 14  # slot, first token, last token (exclusive); later formulas may use earlier ones
TOKENS = 16  # operation and operand, in postfix order

WIDTHS = {
    "logs": 1,
    "filters": 3,
    "atoms": 5,
    "constants": 1,
    "steps": 9,
    "windows": 1,
    "outputs": 5,
    "formulas": 3,
    "tokens": 2,
}

# Places in the head of a working memory.
AT = 0  # where begins: the place of each column of the entity in the buffer
ROWS = 1  # … the number of rows of each log
STOP = 2  # … how many of them occurred before the moment
KEYS, STAMPS, COUNTS, FIRSTS = 3, 4, 5, 6  # … a hash table for distinct values; a stale stamp marks a free place
MASKS = 7  # … one word for each filter and row: whether it passes
PLAIN = 8  # … one word for each log: whether each row was known at once and still counts
MASK_ROWS = 9  # rows that a mask has room for
CAPACITY = 10  # places of the hash table
EPOCH = 11  # its present stamp
HELD = 12  # the name of the tiles for whose rows the masks are filled; 0: none
MEMORY_HEAD = 13

# What tiles say of a log: how many are closed, how many rows were looked at, whether these are plain, and where begin
# the first row of each tile and the moment at which each was settled.
CLOSED, FILLED, PLAINLY, BEGINS, SETTLED = 0, 1, 2, 3, 4
HEAD = 5


def assemble(parts: dict[str, list[list[int]]]) -> Ints:
    """A program as one array: where each part begins and how many rows it has, then the parts.

    Parameters
    ----------
    parts : dict of str to list of rows
        By the names in `WIDTHS`; absent parts are empty.
    """
    head, body, begin = [], [], 2 * len(WIDTHS)
    for name, width in WIDTHS.items():
        rows = parts.get(name, [])
        head += [begin, len(rows)]
        body += [word for row in rows for word in row]
        begin += width * len(rows)
    return np.array([*head, *body], np.int64)


def memory_for(code: Ints, columns: int, rows: int, masked: int | None = None) -> Ints:
    """Working memory of one thread, for entities of at most `rows` rows in a log; `masked` rows pass filters at once.

    One entity's rows pass at once unless told otherwise.
    """
    masked = rows if masked is None else masked
    capacity = 8
    while capacity < 2 * rows:
        capacity *= 2
    logs, filters = int(code[LOGS + 1]), int(code[FILTERS + 1])
    sizes = [columns, logs, logs, capacity, capacity, capacity, capacity, filters * masked, logs]
    begins = MEMORY_HEAD + np.cumsum([0, *sizes])
    memory = np.zeros(int(begins[-1]), np.int64)
    memory[: len(sizes)] = begins[:-1]
    memory[MASK_ROWS], memory[CAPACITY] = masked, capacity
    return memory
