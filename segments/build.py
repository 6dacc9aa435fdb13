"""Building segments: one evaluation for all that share a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from configs.errors import RapportError
from crm import Records, SourceInfo
from crm.clock import iso
from features import FeatureStore
from features.as_of import default_as_of
from segments import scored
from segments.alike import Likenesses, seeds
from segments.catalogue import Catalogue
from segments.columns import SAID, check, features, scores, subjects, unseen
from segments.definitions import Definition
from segments.errors import SegmentError
from segments.evaluate import members
from segments.membership import record
from segments.rule import Subject

_FOREVER = 2**62


@dataclass(frozen=True)
class Built:
    """One segment that was built.

    Attributes
    ----------
    name : str
    as_of : int
        µs.
    members, added, removed : int
        Members, and the changes since the membership just before `as_of`; before the consent gate.
    notes : tuple of str
        Texts in the rule that no customer has; how far likeness can be relied on; purposes without consent.
    """

    name: str
    as_of: int
    members: int
    added: int
    removed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildReport:
    """What was built, and what was skipped with its sentence."""

    built: tuple[Built, ...]
    skipped: Mapping[str, str]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as plain values; moments in ISO."""
        return {
            "built": [
                {
                    "segment": item.name,
                    "as_of": iso(item.as_of),
                    "members": item.members,
                    "added": item.added,
                    "removed": item.removed,
                    "notes": list(item.notes),
                }
                for item in self.built
            ],
            "skipped": dict(self.skipped),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class _Parts:
    """What a build works with."""

    catalogue: Catalogue
    records: Records
    store: FeatureStore
    likenesses: Likenesses


def build(
    catalogue: Catalogue, records: Records, store: FeatureStore, name: str | None, as_of: int | None
) -> BuildReport:
    """Build one segment, or all; see `Segments.build`."""
    start = time.perf_counter()
    store.refresh()
    good, skipped = catalogue.definitions()
    parts = _Parts(catalogue, records, store, Likenesses(good, records, store))
    if name is not None:
        wanted = catalogue.find(name)
        if wanted.problem:
            raise SegmentError(wanted.problem)
        good, skipped = {wanted.name: good[wanted.name]}, {}
    groups: dict[int, list[Definition]] = {}
    known, sources = scored.models(records), records.sources()
    for definition in good.values():
        try:
            check(definition.rule, store, known, f"the segment {definition.name!r}")
            parts.likenesses.check(definition.rule, known, f"the segment {definition.name!r}")
            moment = moment_of(parts.likenesses.subjects(definition.rule), records, store, sources, as_of)
            groups.setdefault(moment, []).append(definition)
        except RapportError as error:
            _skip(definition, error, skipped, name)
    built: list[Built] = []
    for moment, definitions in sorted(groups.items()):
        built += _group(parts, definitions, moment, skipped, name)
    return BuildReport(tuple(sorted(built, key=lambda item: item.name)), skipped, time.perf_counter() - start)


def _skip(definition: Definition, error: RapportError, skipped: dict[str, str], name: str | None) -> None:
    if name is not None:
        raise error
    skipped[definition.name] = str(error)


def moment_of(
    wanted: Sequence[Subject],
    records: Records,
    store: FeatureStore,
    sources: Sequence[SourceInfo],
    as_of: int | None = None,
) -> int:
    """As of when a rule that looks at `wanted` is to be evaluated."""
    if as_of is not None:
        return as_of
    refs = [subject.ref for subject in wanted if subject.ref is not None]
    if refs:
        return default_as_of(records, store.catalogue.logs(refs), sources).micros
    batches = [scored.latest(records, subject.name, _FOREVER) for subject in wanted if subject.kind in SAID]
    return min(batch.as_of for batch in batches if batch is not None)


def _group(
    parts: _Parts, definitions: list[Definition], moment: int, skipped: dict[str, str], name: str | None
) -> list[Built]:
    """Build all segments of one moment; the features of all are asked for at once."""
    records, likenesses = parts.records, parts.likenesses
    try:
        wanted = dict.fromkeys(subject for item in definitions for subject in likenesses.subjects(item.rule))
        customers, shared = features(list(wanted), moment, parts.store)
    except RapportError as error:
        for definition in definitions:
            _skip(definition, error, skipped, name)
        return []
    built, spoken = [], purposes(records)
    for definition in definitions:
        try:
            columns = {**shared, **scores(subjects([definition.rule]), customers, moment, records)}
            columns |= likenesses.columns(definition.rule, columns, customers, moment)
            chosen = customers[members(definition.rule, columns)]
            notes = unseen(definition.rule, columns) if definition.kind == "rule" else []
            notes += [likenesses.to(seed, columns, customers, moment)[1].words() for seed in seeds(definition.rule)]
            if definition.purpose not in spoken:
                notes.append(unspoken(definition.purpose, spoken))
            done = record(
                records, definition.name, parts.catalogue.store(definition), chosen, moment, definition.sha256
            )
            built.append(Built(definition.name, moment, done.members, done.added, done.removed, tuple(notes)))
        except SegmentError as error:
            _skip(definition, error, skipped, name)
    return built


def purposes(records: Records) -> list[str]:
    """The purposes for which any consent was recorded."""
    return [
        str(code) for code in records.query("SELECT DISTINCT purpose FROM consents ORDER BY 1").column(0).to_pylist()
    ]


def unspoken(purpose: str, spoken: Sequence[str]) -> str:
    """Said of a segment for whose purpose there is no consent at all."""
    known = f"the records speak of {' and '.join(spoken)}" if spoken else "the records hold no consents"
    return f"nobody may be contacted for {purpose!r}: {known}; an export of it would be empty"
