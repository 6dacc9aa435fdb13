"""Tiles: what the rows of whole calendar tiles of a large state add up to, so that they need not be walked again.

A tile is *closed* when no row can follow in it: every tile of a state but its last. It is *settled* once all its rows
are known and all those that were replaced are gone: at any later moment the same rows count. What a closed tile's rows
come to then is stored for each step of a program that composes, added in the order in which they are walked; the tile
stands for its rows where a window holds all of them and the tile is settled. Rows keep their places when a tail is
joined to the state, so tiles hold for the state with any tail.

One array of words: a number that names it (0: no tiles), then for each log `HEAD` words (`features.kernel.program`),
then for each step where its parts begin (0: it has none). A part of the family TALLY is count, sum, least and greatest.
Of the family DISTINCT, the parts begin with the places between which the values of each tile lie: for each a value, how
often it occurs and its newest row, newest first.
"""

from __future__ import annotations

import numpy as np

from features.kernel.compiled import inlined
from features.kernel.program import BEGINS, CLOSED, HEAD, LOGS, SETTLED, STEPS, Ints
from features.kernel.search import lower_bound

PART, VALUE = 4, 3  # words of a part of the family TALLY, and of a value in one of the family DISTINCT


def no_tiles(code: Ints) -> Ints:
    """The array of a state without tiles.

    Examples
    --------
    >>> from features.kernel.program import assemble
    >>> no_tiles(assemble({"logs": [[0]]})).tolist()
    [0, 0, 0, 1, 6, 6, 0]
    """
    logs, steps = int(code[LOGS + 1]), int(code[STEPS + 1])
    end = 1 + HEAD * logs + steps
    return np.array([0, *[0, 0, 1, end, end] * logs, *[0] * steps, 0], np.int64)


@inlined
def tiles_of(tiles: Ints, log: int, row: int) -> tuple[int, int, int]:
    """Where the first rows of a log's tiles begin, where their settling, and how many begin before `row`.

    Behind the first rows of the closed tiles follows that of the open one.
    """
    head = 1 + HEAD * log
    firsts = tiles[head + BEGINS]
    return firsts, tiles[head + SETTLED], lower_bound(tiles, firsts, tiles[head + CLOSED] + 1, row)


@inlined
def parts_of(code: Ints, tiles: Ints, step: int) -> int:
    """Where the parts of a step begin."""
    return int(tiles[1 + HEAD * code[LOGS + 1] + (step - code[STEPS]) // 9])


@inlined
def stands(tiles: Ints, log: int, firsts: int, settled: int, tile: int, last: int, known: int) -> bool:
    """Whether a tile stands for its rows: it is closed, they end at `last`, and they are settled."""
    if tile >= tiles[1 + HEAD * log + CLOSED]:
        return False
    return bool(tiles[firsts + tile + 1] == last and tiles[settled + tile] < known)
