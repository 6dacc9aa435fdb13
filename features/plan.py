"""Plans: from the features asked for to the kernel's program, and from its raw answer to columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.declare.aggregate import Aggregate, Condition
from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.kernel import codes
from features.kernel.program import Floats, Ints, Program, table

TALLIES = {"count": codes.COUNT, "sum": codes.SUM, "mean": codes.MEAN, "min": codes.MIN, "max": codes.MAX}
DISTINCTS = {"nunique": codes.NUNIQUE, "mode": codes.MODE}
SINGLES = {
    "latest": codes.LATEST, "lag": codes.LAG, "first": codes.FIRST, "since_last": codes.SINCE_LAST,
    "since_first": codes.SINCE_FIRST, "mean_gap": codes.GAP, "std": codes.STD, "slope": codes.SLOPE,
    "share": codes.SHARE, "age": codes.AGE,
}
TESTS = {
    "in": codes.IN, "not_in": codes.NOT_IN, "less": codes.LESS, "at_most": codes.AT_MOST, "more": codes.MORE,
    "at_least": codes.AT_LEAST, "is_null": codes.IS_NULL, "not_null": codes.NOT_NULL,
}


@dataclass(frozen=True)
class Plan:
    """A program over some logs, and where each aggregate's answer comes out.

    Attributes
    ----------
    program : Program
    columns : tuple of (Log, str)
        The column of which log stands at each place of the program.
    slots : dict of Aggregate to int
    """

    program: Program
    columns: tuple[tuple[Log, str], ...]
    slots: dict[Aggregate, int]

    @property
    def width(self) -> int:
        """How many slots it fills."""
        return len(self.slots)


@dataclass
class _Draft:
    logs: dict[Log, int] = field(default_factory=dict)
    columns: list[tuple[Log, str]] = field(default_factory=list)
    filters: dict[tuple[Log, tuple[Condition, ...]], int] = field(default_factory=dict)
    filter_rows: list[list[int]] = field(default_factory=list)
    atoms: list[list[int]] = field(default_factory=list)
    constants: list[int] = field(default_factory=list)
    steps: list[list[int]] = field(default_factory=list)
    windows: list[int] = field(default_factory=list)
    outputs: list[list[int]] = field(default_factory=list)


def plan(aggregates: Sequence[Aggregate], dictionaries: Mapping[str, Dictionary]) -> Plan:
    """The program that answers `aggregates`, equal ones once.

    Parameters
    ----------
    aggregates : sequence of Aggregate
    dictionaries : mapping of str to Dictionary
        By name of log, for the texts in conditions.
    """
    slots = {item: slot for slot, item in enumerate(dict.fromkeys(aggregates))}
    draft = _Draft()
    for log in dict.fromkeys(item.log for item in slots):
        draft.logs[log] = len(draft.columns)
        draft.columns += [(log, name) for name in ("occurred_at", "known_at", "superseded_at")]
    groups: dict[tuple[object, ...], list[Aggregate]] = {}
    for item in slots:
        family = _family(item)
        own = slots[item] if family == codes.SINGLE else None
        groups.setdefault((family, item.log, item.conditions, item.column, own), []).append(item)
    for (family, *_), items in groups.items():
        _add_step(draft, int(str(family)), items, slots, dictionaries)
    program = Program(
        logs=np.array(list(draft.logs.values()), np.int64),
        filters=table(draft.filter_rows, 3),
        atoms=table(draft.atoms, 5),
        constants=np.array(draft.constants, np.int64),
        steps=table(draft.steps, 9),
        windows=np.array(draft.windows, np.int64),
        outputs=table(draft.outputs, 5),
    )
    return Plan(program, tuple(draft.columns), slots)


def _family(item: Aggregate) -> int:
    if item.operation in TALLIES:
        return codes.TALLY
    return codes.DISTINCT if item.operation in DISTINCTS else codes.SINGLE


def _add_step(
    draft: _Draft, family: int, items: list[Aggregate], slots: Mapping[Aggregate, int],
    dictionaries: Mapping[str, Dictionary],
) -> None:
    first = items[0]
    column = -1 if first.column is None else _place(draft, first.log, first.column)
    mask = _filter(draft, first.log, first.conditions, dictionaries)
    widths = sorted({item.window.width for item in items})
    window, output = len(draft.windows), len(draft.outputs)
    draft.windows += widths
    for item in items:
        operation = (TALLIES | DISTINCTS | SINGLES)[item.operation]
        scale = 1 if item.value is None else item.value.scale
        if item.operation in ("nunique", "count", "age", "share") and scale == 0:
            scale = 1
        argument = 0
        if item.operation == "lag":
            argument = int(item.argument)
        elif item.operation == "share":
            argument = _constant(draft, _word(item.log, str(item.column), item.argument, dictionaries))
        draft.outputs.append([widths.index(item.window.width), operation, argument, slots[item], scale])
    log = list(draft.logs).index(first.log)
    kind = _kind(first.log, first.column)
    draft.steps.append(
        [family, log, mask, column, kind, window, len(draft.windows), output, len(draft.outputs)]
    )


def _place(draft: _Draft, log: Log, column: str) -> int:
    if (log, column) not in draft.columns:
        draft.columns.append((log, column))
    return draft.columns.index((log, column))


def _kind(log: Log, column: str | None) -> int:
    return codes.FLOAT if column is not None and log.columns[column].kind == "float" else codes.WHOLE


def _filter(
    draft: _Draft, log: Log, conditions: tuple[Condition, ...], dictionaries: Mapping[str, Dictionary]
) -> int:
    if not conditions:
        return -1
    if (log, conditions) not in draft.filters:
        first = len(draft.atoms)
        for item in conditions:
            start = len(draft.constants)
            for value in item.values:
                _constant(draft, _word(log, item.column, value, dictionaries))
            place, kind = _place(draft, log, item.column), _kind(log, item.column)
            draft.atoms.append([place, TESTS[item.operation], kind, start, len(draft.constants)])
        draft.filters[log, conditions] = len(draft.filter_rows)
        draft.filter_rows.append([list(draft.logs).index(log), first, len(draft.atoms)])
    return draft.filters[log, conditions]


def _constant(draft: _Draft, word: int) -> int:
    draft.constants.append(word)
    return len(draft.constants) - 1


def _word(log: Log, column: str, value: object, dictionaries: Mapping[str, Dictionary]) -> int:
    if isinstance(value, str):
        return dictionaries[log.name].code(column, value)
    if isinstance(value, float):
        return int(np.array([value]).view(np.int64)[0])
    return int(str(value))


def empty(slots: int, rows: int) -> tuple[Floats, Ints]:
    """Room for the answers of so many slots and rows, seen both ways."""
    out = np.empty((slots, rows), np.float64)
    return out, out.view(np.int64)


def decode(aggregate: Aggregate, words: Ints, texts: Callable[[Log], Dictionary]) -> np.ndarray:
    """The column of one aggregate: float64 (NaN null), or objects (text, None) for a category."""
    if not aggregate.is_category:
        return words.view(np.float64)
    column = aggregate.value
    if column is not None and column.kind == "text":
        return texts(aggregate.log).decode(column.name, words)
    decoded = words.astype(str).astype(object)
    decoded[words == codes.NULL] = None
    return decoded
