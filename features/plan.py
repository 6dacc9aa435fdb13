"""Plans: from the features asked for to the kernel's program, and from its raw answer to columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.declare.aggregate import Aggregate, Condition
from features.declare.expression import postfix
from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.kernel import codes
from features.kernel.program import Ints, assemble

TALLIES = {"count": codes.COUNT, "sum": codes.SUM, "mean": codes.MEAN, "min": codes.MIN, "max": codes.MAX}
DISTINCTS = {"nunique": codes.NUNIQUE, "mode": codes.MODE}
SINGLES = {
    "latest": codes.LATEST,
    "lag": codes.LAG,
    "first": codes.FIRST,
    "since_last": codes.SINCE_LAST,
    "since_first": codes.SINCE_FIRST,
    "mean_gap": codes.GAP,
    "std": codes.STD,
    "slope": codes.SLOPE,
    "share": codes.SHARE,
    "age": codes.AGE,
}
OPERATIONS = TALLIES | DISTINCTS | SINGLES
TESTS = {
    "in": codes.IN,
    "not_in": codes.NOT_IN,
    "less": codes.LESS,
    "at_most": codes.AT_MOST,
    "more": codes.MORE,
    "at_least": codes.AT_LEAST,
    "is_null": codes.IS_NULL,
    "not_null": codes.NOT_NULL,
}
UNSCALED = ("nunique", "count", "age", "share")  # their answers are numbers whatever the column names


@dataclass(frozen=True)
class Formula:
    """An expression whose names have become slots.

    Attributes
    ----------
    text : str
    slots : mapping of str to int
    slot : int
        Where its answer goes.
    """

    text: str
    slots: Mapping[str, int]
    slot: int


@dataclass(frozen=True)
class Plan:
    """A program over some logs.

    Attributes
    ----------
    code : int64[]
    columns : tuple of (Log, str)
        The column of which log stands at each place of the program.
    """

    code: Ints
    columns: tuple[tuple[Log, str], ...]


@dataclass
class _Draft:
    dictionaries: Mapping[str, Dictionary]
    columns: list[tuple[Log, str]] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    masks: dict[tuple[Log, tuple[Condition, ...]], int] = field(default_factory=dict)
    parts: dict[str, list[list[int]]] = field(default_factory=dict)

    def add(self, part: str, *row: int) -> int:
        """Append a row to a part of the program; its place."""
        rows = self.parts.setdefault(part, [])
        rows.append(list(row))
        return len(rows) - 1

    def size(self, part: str) -> int:
        """How many rows a part has."""
        return len(self.parts.get(part, []))


def plan(
    slots: Mapping[Aggregate, int], dictionaries: Mapping[str, Dictionary], formulas: Iterable[Formula] = ()
) -> Plan:
    """The program that puts the answer of each aggregate into its slot, and then that of each formula.

    Parameters
    ----------
    slots : mapping of Aggregate to int
    dictionaries : mapping of str to Dictionary
        By name of log, for the texts in conditions.
    formulas : iterable of Formula
        In an order in which each uses only earlier ones.
    """
    draft = _Draft(dictionaries)
    for log in dict.fromkeys(item.log for item in slots):
        draft.logs.append(log)
        draft.add("logs", len(draft.columns))
        draft.columns += [(log, name) for name in ("occurred_at", "known_at", "superseded_at")]
    groups: dict[tuple[object, ...], list[Aggregate]] = {}
    for item in slots:
        own = slots[item] if item.operation in SINGLES else None
        groups.setdefault((_family(item), item.log, item.conditions, item.column, own), []).append(item)
    for items in groups.values():
        _add_step(draft, items, slots)
    for formula in formulas:
        _add_formula(draft, formula)
    return Plan(assemble(draft.parts), tuple(draft.columns))


def _family(item: Aggregate) -> int:
    if item.operation in TALLIES:
        return codes.TALLY
    return codes.DISTINCT if item.operation in DISTINCTS else codes.SINGLE


def _add_step(draft: _Draft, items: Sequence[Aggregate], slots: Mapping[Aggregate, int]) -> None:
    first = items[0]
    column = -1 if first.column is None else _place(draft, first.log, first.column)
    mask = _mask(draft, first.log, first.conditions)
    widths = sorted({item.window.width for item in items})
    window, output = draft.size("windows"), draft.size("outputs")
    for width in widths:
        draft.add("windows", width)
    for item in items:
        scale = 1 if item.value is None or (item.operation in UNSCALED) else item.value.scale
        place = widths.index(item.window.width)
        draft.add("outputs", place, OPERATIONS[item.operation], _argument(draft, item), slots[item], scale)
    draft.add(
        "steps",
        _family(first),
        draft.logs.index(first.log),
        mask,
        column,
        _kind(first.log, first.column),
        window,
        draft.size("windows"),
        output,
        draft.size("outputs"),
    )


def _argument(draft: _Draft, item: Aggregate) -> int:
    if item.operation == "lag":
        return int(item.argument)
    if item.operation == "share":
        return draft.add("constants", _word(draft, item.log, str(item.column), item.argument))
    return 0


def _place(draft: _Draft, log: Log, column: str) -> int:
    if (log, column) not in draft.columns:
        draft.columns.append((log, column))
    return draft.columns.index((log, column))


def _kind(log: Log, column: str | None) -> int:
    return codes.FLOAT if column is not None and log.columns[column].kind == "float" else codes.WHOLE


def _mask(draft: _Draft, log: Log, conditions: tuple[Condition, ...]) -> int:
    if not conditions:
        return -1
    if (log, conditions) not in draft.masks:
        first = draft.size("atoms")
        for item in conditions:
            start = draft.size("constants")
            for value in item.values:
                draft.add("constants", _word(draft, log, item.column, value))
            place, kind = _place(draft, log, item.column), _kind(log, item.column)
            draft.add("atoms", place, TESTS[item.operation], kind, start, draft.size("constants"))
        draft.masks[log, conditions] = draft.add("filters", draft.logs.index(log), first, draft.size("atoms"))
    return draft.masks[log, conditions]


def _word(draft: _Draft, log: Log, column: str, value: object) -> int:
    if isinstance(value, str):
        return draft.dictionaries[log.name].code(column, value)
    return _bits(value) if isinstance(value, float) else int(str(value))


def _bits(value: float) -> int:
    return int(np.array([value]).view(np.int64)[0])


def _add_formula(draft: _Draft, formula: Formula) -> None:
    first = draft.size("tokens")
    for operation, operand in postfix(formula.text):
        if operation == codes.LOAD:
            draft.add("tokens", operation, formula.slots[str(operand)])
        elif operation == codes.CONSTANT:
            draft.add("tokens", operation, draft.add("constants", _bits(float(operand))))
        else:
            draft.add("tokens", operation, 0)
    draft.add("formulas", formula.slot, first, draft.size("tokens"))


def decode(aggregate: Aggregate, words: Ints, dictionary: Dictionary) -> np.ndarray:
    """The column of one aggregate: float64 (NaN null), or objects (text, None) for a category."""
    if not aggregate.is_category:
        return words.view(np.float64)
    column = aggregate.value
    if column is not None and column.kind == "text":
        return dictionary.decode(column.name, words)
    return numbers_as_text(words)


def numbers_as_text(words: Ints) -> np.ndarray:
    """Ids as texts, the null word as None."""
    decoded = np.empty(len(words), object)
    decoded[:] = [None if word == codes.NULL else str(word) for word in words.tolist()]
    return decoded
