"""Supersession: the moment from which a row no longer counts, because another version of its fact was known."""

from __future__ import annotations

import numpy as np

from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.history.rows import Rows
from features.kernel.codes import FOREVER, NULL
from features.kernel.program import Ints


def superseded_at(rows: Rows, log: Log, columns: tuple[str, ...], dictionary: Dictionary) -> Ints:
    """For each row the ``known_at`` of the next version of its fact, wherever it lies; for ever if there is none.

    At equal ``known_at`` a deletion wins, then the greater content: the columns that are always kept, then those that
    some view asks for, each by name, nulls greatest; then the greater key of its source; never the order of arrival.
    So what one view asks for changes no other's answers from the columns that are always kept. A version replaced at
    the very moment when it became known is never seen. States are one fact per entity, attribute and effective time;
    a retraction withdraws every row of its id known before it.
    """
    answer = np.full(len(rows["fact"]), FOREVER, np.int64)
    if not len(answer):
        return answer
    if log.rule == "fact":
        _chain([rows["fact"]], rows, columns, log, dictionary, answer)
        return answer
    keys = [rows["entity"], rows["occurred_at"]]
    if log.part is not None:
        keys.append(rows["fact"] if log.part == "id" else rows[log.part])
    standing = np.flatnonzero(rows["gone"] == 0)
    part = {name: values[standing] for name, values in rows.items()}
    found = np.full(len(standing), FOREVER, np.int64)
    _chain([key[standing] for key in keys], part, columns, log, dictionary, found)
    answer[standing] = found
    _withdraw(rows, answer)
    return answer


def _chain(
    keys: list[Ints], rows: Rows, columns: tuple[str, ...], log: Log, dictionary: Dictionary, answer: Ints
) -> None:
    """Write the next ``known_at`` of every row that shares all `keys` with a later one."""
    several = _repeated(keys)
    if not len(several):
        return
    kept = {"entity", "occurred_at", *log.standing}
    names = sorted((*columns, "entity", "occurred_at"), key=lambda name: (name not in kept, name))
    content = [_content(rows[name][several], name, log, dictionary) for name in names]
    content.append(rows["key"][several])
    deleted = rows["gone"][several] == 2
    group = [key[several] for key in keys]
    order = np.lexsort((*reversed(content), deleted, rows["known_at"][several], *reversed(group)))
    same = np.ones(len(order) - 1, bool)
    for key in group:
        same &= key[order][1:] == key[order][:-1]
    known = rows["known_at"][several][order]
    answer[several[order[:-1][same]]] = known[1:][same]


def _content(values: Ints, name: str, log: Log, dictionary: Dictionary) -> np.ndarray:
    """Values as they are compared between versions: texts by alphabet, nulls greatest."""
    kind = log.columns[name].kind if name in log.columns else "whole"
    if kind == "text":
        return dictionary.ranks(name, values)
    return values.view(np.float64) if kind == "float" else np.where(values == NULL, FOREVER, values)


def _repeated(keys: list[Ints]) -> Ints:
    """Places of the rows whose keys occur more than once."""
    if not len(keys[0]):
        return np.zeros(0, np.int64)
    order = np.lexsort(tuple(reversed(keys)))
    same = np.ones(len(order) - 1, bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    several = np.zeros(len(order), bool)
    several[1:] |= same
    several[:-1] |= same
    return np.sort(order[several])


def _withdraw(rows: Rows, answer: Ints) -> None:
    """End the rows of retracted ids at the first retraction known after them."""
    retractions = np.flatnonzero(rows["gone"] == 2)
    if not len(retractions):
        return
    facts, known = rows["fact"][retractions], rows["known_at"][retractions]
    order = np.lexsort((known, facts))
    facts, known = facts[order], known[order]
    for place in np.flatnonzero(np.isin(rows["fact"], facts) & (rows["gone"] == 0)):
        first = np.searchsorted(facts, rows["fact"][place])
        last = np.searchsorted(facts, rows["fact"][place], side="right")
        later = known[first:last]
        later = later[later >= rows["known_at"][place]]
        if len(later):
            answer[place] = min(answer[place], later[0])
