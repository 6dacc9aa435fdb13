"""Finding entities in a bucket, packing their rows into states, and joining a state out of its base and its tail."""

from __future__ import annotations

import numpy as np

from features.kernel.compiled import compiled
from features.kernel.program import Ints


@compiled
def pack_rows(words: Ints, columns: Ints, bounds: Ints, target: Ints, begins: Ints) -> None:
    """Copy each entity's rows, column after column, to where its log begins in `target`.

    Parameters
    ----------
    words : int64[]
        The bucket's buffer.
    columns : int64[C]
        Where each column begins in it.
    bounds : int64[E, 2]
        First and last row (exclusive) of each entity.
    target : int64[]
    begins : int64[E]
    """
    for entity in range(bounds.shape[0]):
        place = begins[entity]
        for column in range(columns.shape[0]):
            for row in range(bounds[entity, 0], bounds[entity, 1]):
                target[place] = words[columns[column] + row]
                place += 1


@compiled
def run_starts(words: Ints) -> Ints:
    """The first place of each run of equal words, and behind them how many words there are."""
    runs = 1
    for place in range(1, words.size):
        runs += words[place] != words[place - 1]
    starts, run = np.zeros(runs + 1, np.int64), 0
    for place in range(1, words.size):
        if words[place] != words[place - 1]:
            run += 1
            starts[run] = place
    starts[runs] = words.size
    return starts


@compiled
def join_rows(base: Ints, tail: Ints) -> Ints:
    """One packed state, each log's rows in `base` followed by those in `tail`."""
    logs = base[1]
    joined = np.empty(base.size + tail.size - 2 - 2 * logs, np.int64)
    joined[0], joined[1], place = base[0], logs, 2 + 2 * logs
    for log in range(logs):
        head = 2 + 2 * log
        first, second = base[head], tail[head]
        joined[head], joined[head + 1] = first + second, place
        left = (base[head + 3] if log + 1 < logs else base.size) - base[head + 1]
        right = (tail[head + 3] if log + 1 < logs else tail.size) - tail[head + 1]
        columns = (left + right) // max(first + second, 1)
        for column in range(columns):
            begin = base[head + 1] + column * first
            joined[place : place + first] = base[begin : begin + first]
            begin, place = tail[head + 1] + column * second, place + first
            joined[place : place + second] = tail[begin : begin + second]
            place += second
    return joined
