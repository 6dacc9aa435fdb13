"""Finding rows: bounds in time, visibility, filters."""

from __future__ import annotations

from features.kernel.codes import AT_LEAST, AT_MOST, FLOAT, FOREVER, IN, IS_NULL, LESS, MORE, NOT_IN, NULL
from features.kernel.compiled import compiled, inlined
from features.kernel.program import (
    AT,
    ATOMS,
    CONSTANTS,
    FILLED,
    FILTERS,
    HEAD,
    HELD,
    LOGS,
    MASK_ROWS,
    MASKS,
    PLAIN,
    PLAINLY,
    ROWS,
    Floats,
    Ints,
)


@inlined
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


@inlined
def first_since(ints: Ints, start: int, last: int, moment: int) -> int:
    """How many of the `last` ascending moments that begin at `start` lie before `moment`, sought from the end."""
    step, high = 1, last
    while high > 0 and ints[start + high - 1] >= moment:
        high -= step
        step *= 2
    high = max(high, 0)
    reach = min(high + step // 2 + 1, last)
    return high + lower_bound(ints, start + high, reach - high, moment)


@inlined
def is_plain(memory: Ints, log: int, passed: int, moment: int, known: int) -> bool:
    """Whether every row before `moment` can be seen: no filter, no correction, nothing known late."""
    return passed < 0 and known >= moment and bool(memory[memory[PLAIN] + log] == 1)


@inlined
def clocks_of(code: Ints, memory: Ints, log: int) -> int:
    """Where the memory holds the places of a log's occurred_at, known_at and superseded_at."""
    return int(memory[AT] + code[code[LOGS] + log])


@inlined
def values_of(memory: Ints, column: int) -> int:
    """Where the values of a column begin in the buffer; -1 without a column."""
    return int(memory[memory[AT] + column]) if column >= 0 else -1


@inlined
def mask_of(memory: Ints, mask: int) -> int:
    """Where a filter's mask begins in the memory; -1 without a filter."""
    return int(memory[MASKS] + mask * memory[MASK_ROWS]) if mask >= 0 else -1


@inlined
def is_seen(ints: Ints, memory: Ints, knowns: int, ends: int, passed: int, row: int, known: int) -> bool:
    """Whether a row was known before `known`, not yet superseded, and passes its filter."""
    if ints[knowns + row] >= known or ints[ends + row] < known:
        return False
    return passed < 0 or bool(memory[passed + row] == 1)


@inlined
def is_null(ints: Ints, floats: Floats, place: int, kind: int) -> bool:
    """Whether the value at `place` of the buffer is missing."""
    if kind == FLOAT:
        return bool(floats[place] != floats[place])
    return bool(ints[place] == NULL)


@inlined
def locate(ints: Ints, begin: int, sources: Ints, memory: Ints) -> None:
    """Tell the memory where the columns of the packed state at `begin` lie, and how many rows it has; -1: no state."""
    for column in range(sources.shape[0]):
        log, packed, position = sources[column, 0], sources[column, 1], sources[column, 2]
        rows = 0 if begin < 0 else ints[begin + 2 + 2 * packed]
        memory[memory[ROWS] + log] = rows
        memory[memory[AT] + column] = 0 if begin < 0 else begin + ints[begin + 3 + 2 * packed] + position * rows


@compiled
def fill_masks(ints: Ints, floats: Floats, code: Ints, constants: Floats, memory: Ints, tiles: Ints) -> None:
    """Evaluate every filter on every row of the entity, and tell which logs are plain.

    What `tiles` says of their rows is not sought again, nor are masks that the memory still holds for the same tiles.
    `constants` is the program seen as floats.
    """
    is_filled = tiles[0] != 0 and memory[HELD] == tiles[0]
    memory[HELD] = tiles[0]
    for log in range(code[LOGS + 1]):
        clocks = clocks_of(code, memory, log)
        times, knowns, ends = memory[clocks], memory[clocks + 1], memory[clocks + 2]
        odd = 1 - tiles[1 + HEAD * log + PLAINLY]
        for row in range(tiles[1 + HEAD * log + FILLED], memory[memory[ROWS] + log]):
            odd += (ints[knowns + row] > ints[times + row]) | (ints[ends + row] != FOREVER)
        memory[memory[PLAIN] + log] = 1 if odd == 0 else 0
    for number in range(code[FILTERS + 1]):
        at = code[FILTERS] + 3 * number
        mask = mask_of(memory, number)
        done = tiles[1 + HEAD * code[at] + FILLED] if is_filled else 0
        for row in range(done, memory[memory[ROWS] + code[at]]):
            passed = 1
            for atom in range(code[at + 1], code[at + 2]):
                if not _holds(ints, floats, code, constants, memory, code[ATOMS] + 5 * atom, row):
                    passed = 0
                    break
            memory[mask + row] = passed


@compiled
def _holds(ints: Ints, floats: Floats, code: Ints, constants: Floats, memory: Ints, atom: int, row: int) -> bool:
    place = values_of(memory, code[atom]) + row
    operation, kind = code[atom + 1], code[atom + 2]
    null = is_null(ints, floats, place, kind)
    if operation >= IS_NULL:
        return bool(null == (operation == IS_NULL))
    if null:
        return False
    first, last = code[CONSTANTS] + code[atom + 3], code[CONSTANTS] + code[atom + 4]
    if operation <= NOT_IN:
        found = False
        for position in range(first, last):
            if kind == FLOAT:
                found |= floats[place] == constants[position]
            else:
                found |= ints[place] == code[position]
        return bool(found == (operation == IN))
    if kind == FLOAT:
        return _compare(operation, floats[place], constants[first])
    return _compare(operation, ints[place], code[first])


@compiled
def _compare(operation: int, value: float, bound: float) -> bool:
    if operation == LESS:
        return value < bound
    if operation == AT_MOST:
        return value <= bound
    if operation == MORE:
        return value > bound
    return operation == AT_LEAST and value >= bound
