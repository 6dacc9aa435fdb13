"""Answering online: packed states and one moment in, columns and a status for each view out."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from crm.clock import now
from features import kernel
from features.catalogue import Catalogue
from features.declare.log import Log
from features.errors import OnlineStoreError
from features.history.dictionary import Dictionary
from features.inputs import given
from features.kernel.program import Ints, memory_for
from features.online.held import Held, Holding, most_rows
from features.online.pack import Layout, whole
from features.online.program import Program
from features.online.protocol import Large, OnlineStore, Stamp, State
from features.online.status import statuses
from features.plan import plan
from features.recipe import Recipe, recipe

Read: TypeAlias = tuple[bytes | Held, bytes | None]  # as State, but what is large is held
TRIES = 5  # readings before giving up on a store that is written all the time
NOTHING = np.frombuffer(b"", np.int64)  # read-only like every buffer of states: one compiled kernel for all
FIRST, ABSENT = np.zeros(1, np.int64), np.full(1, -1, np.int64)


class OnlineAnswer(NamedTuple):
    """Features of some entities at one moment.

    Attributes
    ----------
    values : dict of str to array
        By reference: float64[n] (NaN null), or object[n] (text or None).
    status : dict of str to list of str
        By view: ``OK``, ``NOT_FOUND`` or ``EXPIRED`` for each entity.
    ids : int64[n]
        Record ids; -1 where the number is unknown.
    materialized_at : int
        When the states were last brought up to date, in microseconds.
    as_of : int
        The moment that was answered.
    watermark : int
        Greatest arrival number that the states held: asked offline as of this arrival, the values are the same bits.
    """

    values: dict[str, np.ndarray]
    status: dict[str, list[str]]
    ids: Ints
    materialized_at: int
    as_of: int
    watermark: int


class Known:
    """One stamp of the online store, made ready: layout, dictionaries, and the plans made for it."""

    def __init__(self, stamp: Stamp) -> None:
        self.stamp = stamp
        self.layout = Layout.read(stamp.layout)
        self._programs: dict[int, tuple[Recipe, Program]] = {}

    @cached_property
    def dictionaries(self) -> Mapping[str, Dictionary]:
        """The texts of each log."""
        return {log: Dictionary(texts) for log, texts in json.loads(self.stamp.texts).items()}

    def dictionary(self, log: Log) -> Dictionary:
        """The texts of one log."""
        return self.dictionaries[log.name]

    def moment(self, at: int | None) -> int:
        """The moment that is meant: `at`, else the one given when materializing, else now."""
        if at is not None:
            return at
        return now() if self.stamp.as_of is None else self.stamp.as_of

    def program(self, asked: Recipe) -> Program:
        """The program of a recipe."""
        found = self._programs.get(id(asked))
        if found is None:
            made = plan(asked.slots, self.dictionaries, asked.formulas)
            logs = list(dict.fromkeys(log for log, _ in made.columns))
            try:
                places = [(logs.index(log), *self.layout.place(log, name)) for log, name in made.columns]
            except KeyError as error:
                raise OnlineStoreError(
                    f"the online store has no {error.args[0]}; states that hold it are expected; materialize again"
                ) from error
            program = Program(made.code, np.array(places, np.int64).reshape(-1, 3))
            found = self._programs[id(asked)] = asked, program
        return found[1]


class Online:
    """Reads one online store.

    Parameters
    ----------
    store : OnlineStore
    """

    def __init__(self, store: OnlineStore) -> None:
        self.store = store
        self.holding = Holding()
        self._local = threading.local()
        self._recipes: dict[tuple[str, ...], Recipe] = {}
        self._known: dict[str, Known] = {}

    def known(self, entity: str) -> Known:
        """The present stamp of an entity, made ready again only when somebody has written.

        Raises
        ------
        OnlineStoreError
            If nothing was materialized yet.
        """
        return self._read(entity, ())[0]

    def token(self, entity: str) -> int:
        """What tells this reading's states of an entity from those of any other writing."""
        found = self._known.get(entity)
        return (found or self.known(entity)).stamp.token

    def features(
        self,
        catalogue: Catalogue,
        refs: tuple[str, ...],
        keys: Sequence[str],
        at: int | None,
        inputs: Mapping[str, Any] | None = None,
    ) -> OnlineAnswer:
        """See `FeatureStore.online_features`."""
        asked = self._recipes.get(refs)
        if asked is None:
            asked = self._recipes[refs] = recipe(catalogue, refs)
        known, found = self._read(asked.entity.name, keys)
        words, begins, ids = _packed([_small(item) for item in found])
        moment = known.moment(at)
        program, run = known.program(asked), kernel.load().run_packed
        out = np.empty((asked.width, len(keys)), np.float64)
        if asked.inputs or inputs:
            for name, column in given(asked.inputs, inputs, len(keys)).items():
                out[asked.inputs[name]] = column
        memory = self._memory(program, _most_rows(words, begins))
        run(words, begins, program.sources, moment, program.code, memory, program.no_tiles, out, 0)
        for place, held, tail in _large(found):
            words, tiles = self.holding.state(held, tail), self.holding.tiles(held, program)
            memory, ids[place] = self._memory(program, most_rows(words)), words[0]
            run(words, FIRST, program.sources, moment, program.code, memory, tiles, out, place)
        values = asked.columns(out, known.dictionary)
        status = statuses(asked.views, ids, asked.slots, out)
        return OnlineAnswer(values, status, ids, known.stamp.materialized_at, moment, known.stamp.watermark)

    def states(self, entity: str, keys: Sequence[str]) -> tuple[Known, Ints, Ints, Ints]:
        """Packed states as one buffer, where each begins (-1: none), and the ids (-1: none)."""
        known, found = self._read(entity, keys)
        parts: list[memoryview | None] = [_small(item) for item in found]
        for place, held, tail in _large(found):
            parts[place] = self.holding.state(held, tail).data
        return known, *_packed(parts)

    def _read(self, entity: str, keys: Sequence[str]) -> tuple[Known, list[Read | None]]:
        """States, and the stamp that belongs to them."""
        known = self._known.get(entity)
        for _ in range(TRIES):
            token, states = self.store.read(entity, keys)
            if known is None or known.stamp.token != token:
                stamp = self.store.stamp(entity)
                if stamp is None:
                    raise OnlineStoreError(
                        f"the online store holds no {entity} yet; materialized states are expected; run rapport "
                        "materialize"
                    )
                known = self._known[entity] = Known(stamp)
            found = self._held(entity, states) if known.stamp.token == token else None
            if found is not None:
                return known, found
        raise OnlineStoreError(
            f"the states of {entity} in the online store were written anew during each of {TRIES} readings; a quiet "
            "moment is expected; try again"
        )

    def _held(self, entity: str, states: Sequence[State | None]) -> list[Read | None] | None:
        """States with their large bases; None when one was written anew meanwhile."""
        found: list[Read | None] = []
        for state in states:
            if state is None or not isinstance(state[0], Large):
                found.append(state)  # type: ignore[arg-type]
                continue
            held = self.holding.base(entity, state[0], self.store.base)
            if held is None:
                return None
            found.append((held, state[1]))
        return found

    def _memory(self, program: Program, rows: int) -> Ints:
        """This thread's working memory for a program, grown when needed."""
        kept: dict[int, tuple[Program, int, Ints]] = self._local.__dict__.setdefault("memory", {})
        entry = kept.get(id(program))
        if entry is None or entry[0] is not program or entry[1] < rows:
            room = max(64, 2 * rows)
            if len(kept) > 64:
                kept.clear()
            entry = kept[id(program)] = (program, room, memory_for(program.code, len(program.sources), room))
        return entry[2]


def _small(item: Read | None) -> memoryview | None:
    """A state of which nothing is held."""
    if item is None:
        return None
    base, tail = item
    return None if isinstance(base, Held) else whole(base, tail)


def _large(found: Sequence[Read | None]) -> list[tuple[int, Held, bytes | None]]:
    """The states whose bases are held, and their places."""
    return [
        (place, item[0], item[1]) for place, item in enumerate(found) if item is not None and isinstance(item[0], Held)
    ]


def _packed(parts: Sequence[memoryview | None]) -> tuple[Ints, Ints, Ints]:
    """States as one buffer, where each begins (-1: none), and the ids (-1: none)."""
    if len(parts) == 1:
        if parts[0] is None:
            return NOTHING, ABSENT, ABSENT.copy()
        alone: Ints = np.frombuffer(parts[0], np.int64)
        return alone, FIRST, alone[:1]
    sizes = np.array([-1 if part is None else part.nbytes // 8 for part in parts], np.int64)
    starts = np.where(sizes < 0, -1, np.cumsum(sizes.clip(0)) - sizes)
    words = np.frombuffer(b"".join(part for part in parts if part is not None), np.int64)
    ids = np.full(len(starts), -1, np.int64)
    ids[starts >= 0] = words[starts[starts >= 0]]
    return words, starts, ids


def _most_rows(words: Ints, begins: Ints) -> int:
    """No state has more rows than this in a log: each row has three clocks at least."""
    if len(begins) == 1:
        return len(words) // 3
    starts = np.append(begins[begins >= 0], len(words))
    return int(np.diff(starts).max(initial=0)) // 3


def visible_rows(known: Known, words: Ints, begin: int, log: Log, moment: int) -> dict[str, np.ndarray]:
    """The rows of one log that the moment may see, oldest first, with texts decoded."""
    place, _ = known.layout.place(log, "occurred_at")
    columns = known.layout.logs[place][1]
    if begin < 0:
        raw = {name: np.zeros(0, np.int64) for name in columns}
    else:
        rows, start = int(words[begin + 2 + 2 * place]), begin + int(words[begin + 3 + 2 * place])
        raw = {name: words[start + i * rows : start + (i + 1) * rows] for i, name in enumerate(columns)}
    seen = (raw["occurred_at"] < moment) & (raw["known_at"] < moment) & (raw["superseded_at"] >= moment)
    return {name: log_values(log, name, values[seen], known.dictionaries[log.name]) for name, values in raw.items()}


def log_values(log: Log, name: str, words: Ints, dictionary: Dictionary) -> np.ndarray:
    """Words as values: texts as objects, floats as floats, all else as whole numbers (null is the null word)."""
    kind = log.columns[name].kind if name in log.columns else "moment"
    if kind == "text":
        return dictionary.decode(name, words)
    return words.view(np.float64) if kind == "float" else words
