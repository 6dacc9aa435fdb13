"""Answering online: packed states and one moment in, columns and a status for each view out."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crm.clock import now
from features import kernel
from features.catalogue import Catalogue
from features.declare.aggregate import Aggregate
from features.declare.log import Log
from features.declare.view import FeatureView
from features.errors import FeatureError, OnlineStoreError
from features.history.dictionary import Dictionary
from features.kernel.program import Ints, Scratch, scratch_for
from features.online.pack import Layout
from features.online.protocol import OnlineStore, Stamp
from features.online.status import status_aggregates, statuses
from features.plan import Plan, decode, empty, plan

@dataclass(frozen=True)
class OnlineAnswer:
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
    """

    values: dict[str, np.ndarray]
    status: dict[str, list[str]]
    ids: Ints
    materialized_at: int
    as_of: int


@dataclass(frozen=True)
class Asked:
    """References made ready: written out, with their aggregates, views and entity."""

    refs: list[str]
    aggregates: tuple[Aggregate, ...]
    views: list[FeatureView]
    entity: str

    @classmethod
    def of(cls, catalogue: Catalogue, refs: Sequence[str]) -> Asked:
        """Make references ready.

        Raises
        ------
        FeatureError
            If they are of several entities.
        """
        wanted = catalogue.expand(refs)
        views = list({view.name: view for view in map(catalogue.view, wanted)}.values())
        entities = sorted({view.entity.name for view in views})
        if len(entities) != 1:
            raise FeatureError(
                f"the features asked for are of {' and '.join(entities) or 'no entity'}; features of one entity are "
                "expected; ask once for each"
            )
        aggregates = dict.fromkeys([*catalogue.aggregates(wanted), *status_aggregates(views)])
        return cls(wanted, tuple(aggregates), views, entities[0])


class Known:
    """One stamp of the online store, made ready: layout, dictionaries, and the plans made for it."""

    def __init__(self, stamp: Stamp) -> None:
        self.stamp = stamp
        self.layout = Layout.read(stamp.layout)
        self.plans: dict[tuple[Aggregate, ...], tuple[Plan, Ints]] = {}

    @cached_property
    def dictionaries(self) -> Mapping[str, Dictionary]:
        """The texts of each log."""
        return {log: Dictionary(texts) for log, texts in json.loads(self.stamp.texts).items()}

    def moment(self, at: int | None) -> int:
        """The moment that is meant: `at`, else the one given when materializing, else now."""
        if at is not None:
            return at
        return now() if self.stamp.as_of is None else self.stamp.as_of

    def plan(self, aggregates: tuple[Aggregate, ...]) -> tuple[Plan, Ints]:
        """The plan of some aggregates, and where its columns lie in a state."""
        if aggregates not in self.plans:
            asked = plan(aggregates, self.dictionaries)
            logs = list(dict.fromkeys(log for log, _ in asked.columns))
            try:
                places = [(logs.index(log), *self.layout.place(log, name)) for log, name in asked.columns]
            except KeyError as error:
                raise OnlineStoreError(
                    f"the online store has no {error.args[0]}; states that hold it are expected; materialize again"
                ) from error
            self.plans[aggregates] = asked, np.array(places, np.int64).reshape(-1, 3)
        return self.plans[aggregates]


class Online:
    """Reads one online store.

    Parameters
    ----------
    store : OnlineStore
    """

    def __init__(self, store: OnlineStore) -> None:
        self.store = store
        self._local = threading.local()
        self._asked: dict[tuple[str, ...], Asked] = {}

    def known(self, entity: str) -> Known:
        """The present stamp of an entity, read again only when somebody has written.

        Raises
        ------
        OnlineStoreError
            If nothing was materialized yet.
        """
        cached: dict[str, tuple[object, Known]] = self._local.__dict__.setdefault("known", {})
        token = self.store.token()
        if entity not in cached or cached[entity][0] != token:
            stamp = self.store.stamp(entity)
            if stamp is None:
                raise OnlineStoreError(
                    f"the online store holds no {entity} yet; materialized states are expected; run rapport materialize"
                )
            old = cached.get(entity)
            known = old[1] if old is not None and old[1].stamp == stamp else Known(stamp)
            cached[entity] = token, known
        return cached[entity][1]

    def features(self, catalogue: Catalogue, refs: tuple[str, ...], keys: Sequence[str], at: int | None) -> OnlineAnswer:
        """See `FeatureStore.online_features`."""
        asked = self._asked.get(refs)
        if asked is None:
            asked = self._asked[refs] = Asked.of(catalogue, refs)
        columns, ids, known, moment = self.answer(asked.entity, asked.aggregates, keys, at)
        values = catalogue.columns(asked.refs, columns)
        status = {view.name: statuses(view, ids, columns) for view in asked.views}
        return OnlineAnswer(values, status, ids, known.stamp.materialized_at, moment)

    def answer(
        self, entity: str, aggregates: tuple[Aggregate, ...], keys: Sequence[str], at: int | None
    ) -> tuple[dict[Aggregate, np.ndarray], Ints, Known, int]:
        """The column of each aggregate for some keys at one moment, and their ids."""
        known, words, begins, ids = self.states(entity, keys)
        moment = known.moment(at)
        asked, sources = known.plan(aggregates)
        out, out_ints = empty(asked.width, len(keys))
        most = int(np.max(words[begins[begins >= 0][:, None] + _row_words(known)], initial=0))
        kernel.load().run_packed(
            words, words.view(np.float64), begins, sources, asked.program, self._scratch(asked, len(sources), most), moment,
            out, out_ints,
        )
        texts = known.dictionaries
        columns = {item: decode(item, out_ints[slot], lambda log: texts[log.name]) for item, slot in asked.slots.items()}
        return columns, ids, known, moment

    def states(self, entity: str, keys: Sequence[str]) -> tuple[Known, Ints, Ints, Ints]:
        """Packed states as one buffer, where each begins (-1: none), and the ids (-1: none)."""
        for _ in range(5):
            known = self.known(entity)
            found = self.store.read(entity, keys)
            ids = np.array([-1 if item is None else item[0] for item in found], np.int64)
            sizes = [0 if item is None else len(item[1]) // 8 for item in found]
            words = np.frombuffer(b"".join([item[1] for item in found if item is not None]), np.int64)
            begins = np.where(ids < 0, -1, np.cumsum(sizes) - sizes)
            if (words[begins[ids >= 0]] == known.stamp.layout_id).all():
                return known, words, begins, ids
            self._local.__dict__.pop("known", None)  # written between our two reads
        raise OnlineStoreError(
            f"the states of {entity} in the online store do not fit its stamp; states of one layout are expected; "
            "materialize again"
        )

    def _scratch(self, asked: Plan, columns: int, rows: int) -> Scratch:
        """This thread's working memory for a plan, grown when needed."""
        kept: dict[int, tuple[Plan, int, Scratch]] = self._local.__dict__.setdefault("scratch", {})
        entry = kept.get(id(asked))
        if entry is None or entry[0] is not asked or entry[1] < rows:
            room = max(64, 2 * rows)
            if len(kept) > 64:
                kept.clear()
            entry = kept[id(asked)] = (asked, room, scratch_for(asked.program, columns, room))
        return entry[2]


def _row_words(known: Known) -> Ints:
    return 2 + 2 * np.arange(len(known.layout.logs))


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
