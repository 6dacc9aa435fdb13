"""The likeness of customers to segments as of a moment, from the store's features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm import Records
from crm.clock import iso
from features import Feature, FeatureStore
from segments.columns import SAID, scores, subjects
from segments.columns import check as check_rule
from segments.definitions import Definition
from segments.errors import SegmentError, near
from segments.evaluate import members
from segments.likeness import Check, check, likeness
from segments.rule import Rule, Subject
from segments.traits import encoded, traits

FEWEST = 50  # members, and others: ten in each fold
RECENCY = "buying:days_since_last_order"  # of the naive rule

Columns = Mapping[Subject, NDArray[Any]]


class Likenesses:
    """The likeness to segments; each is worked out once per moment.

    Parameters
    ----------
    definitions : mapping of str to Definition
        Segments by name.
    records : Records
    store : FeatureStore
    """

    def __init__(self, definitions: Mapping[str, Definition], records: Records, store: FeatureStore) -> None:
        self._definitions, self._records, self._store = definitions, records, store
        self._traits: dict[str, list[Feature]] = {}
        self._kept: dict[tuple[str, int], tuple[NDArray[np.float64], Check]] = {}

    def check(self, rule: Rule, known_models: Sequence[str], where: str) -> None:
        """Refuse a rule that names a segment which is unknown, or whose own members are chosen by likeness.

        Raises
        ------
        SegmentError
            Naming the segment, and what is close to it.
        """
        for name in seeds(rule):
            if name not in self._definitions:
                raise SegmentError(
                    f"{where} asks for the likeness to {name!r}, which is no segment that can be built; the name of "
                    f"one is expected, {near(name, self._definitions)}; correct the name or see `rapport segment list`"
                )
            seed = self._definitions[name].rule
            if seeds(seed):
                raise SegmentError(
                    f"{where} asks for the likeness to {name!r}, whose own members are chosen by likeness; a segment "
                    f"with a rule of its own is expected; name {seeds(seed)[0]!r}"
                )
            check_rule(seed, self._store, known_models, f"the segment {name!r}")

    def subjects(self, rule: Rule) -> list[Subject]:
        """All that a rule looks at, and what the likenesses in it look at."""
        found = subjects([rule])
        for name in seeds(rule):
            found += [*subjects([self._definitions[name].rule]), *map(_subject, self.traits(name))]
            found += [_RECENT] if RECENCY in self._refs() else []
        return list(dict.fromkeys(found))

    def traits(self, name: str) -> list[Feature]:
        """By what the members of a segment are compared with others."""
        if name not in self._traits:
            self._traits[name] = traits(self._store, self._definitions[name].rule)
        return self._traits[name]

    def is_by_model(self, name: str) -> bool:
        """Whether the segment's own rule asks what a model said."""
        return any(subject.kind in SAID for subject in subjects([self._definitions[name].rule]))

    def columns(
        self, rule: Rule, columns: Columns, customers: NDArray[np.int64], as_of: int
    ) -> dict[Subject, NDArray[Any]]:
        """The likenesses that a rule asks for, NaN for the members themselves; `columns` holds what `subjects` names.

        Raises
        ------
        SegmentError
            If there are too few members, or others, to tell them apart.
        """
        found: dict[Subject, NDArray[Any]] = {}
        for name in seeds(rule):
            found[Subject("likeness", name)] = self.to(name, columns, customers, as_of)[0]
        return found

    def to(
        self, name: str, columns: Columns, customers: NDArray[np.int64], as_of: int
    ) -> tuple[NDArray[np.float64], Check]:
        """The likeness to one segment, and its check; raises like `columns`."""
        if (name, as_of) not in self._kept:
            is_member = self._members(name, columns, customers, as_of)
            parts = [encoded(columns[_subject(item)]) for item in self.traits(name)]
            alike = likeness(np.column_stack(parts), is_member, customers)
            recency = columns.get(_RECENT)
            is_told = recency is not None and bool(np.isfinite(recency).any())
            checked = check(alike, recency if is_told else None, is_member, customers)
            self._kept[name, as_of] = np.where(is_member, np.nan, alike), checked
        return self._kept[name, as_of]

    def _members(self, name: str, columns: Columns, customers: NDArray[np.int64], as_of: int) -> NDArray[np.bool_]:
        rule = self._definitions[name].rule
        said = scores(subjects([rule]), customers, as_of, self._records)
        is_member = members(rule, {**columns, **said})
        for count, what in ((int(is_member.sum()), "members"), (int((~is_member).sum()), "customers outside it")):
            if count < FEWEST:
                raise SegmentError(
                    f"the segment {name!r} has {count:,} {what} as of {iso(as_of)}; at least {FEWEST} are expected to "
                    f"tell what is like them; name a {'wider' if what == 'members' else 'narrower'} segment"
                )
        return is_member

    def _refs(self) -> set[str]:
        return {f"{name}:{field}" for name, view in self._store.views.items() for field in view.fields}


def seeds(rule: Rule) -> list[str]:
    """The segments whose likeness a rule asks for."""
    return [subject.name for subject in subjects([rule]) if subject.kind == "likeness"]


def _subject(feature: Feature) -> Subject:
    return Subject("feature", feature.ref)


_RECENT = Subject("feature", RECENCY)
