"""A search for look-alikes: who is most like a segment's members, tried on hidden members, kept as a segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from crm import Records, clock
from features import FeatureStore
from segments import consent, scored
from segments.alike import Likenesses
from segments.build import moment_of
from segments.catalogue import Catalogue, SegmentInfo
from segments.columns import features
from segments.definitions import is_name, load
from segments.errors import SegmentError
from segments.evaluate import members
from segments.files import write_whole
from segments.likeness import Check
from segments.parse import parse
from segments.rule import Subject

SHARE = 0.05  # of the others, where nothing is said
EASY = "its members were chosen by a model, from features by which they are compared here: finding them again is easy"


@dataclass(frozen=True)
class Alike:
    """The customers most like the members of a segment, in numbers; nobody is named.

    Attributes
    ----------
    segment : str
    as_of : int
        µs.
    members, others, chosen : int
    allowed : int
        Of the chosen, who may be contacted now.
    suppressed : mapping of str to int
        The other chosen, by reason.
    features : int
        By how many features they are compared.
    check : Check
    caution : str
        Why the trial is easier than it looks; empty where it is not.
    """

    segment: str
    as_of: int
    members: int
    others: int
    chosen: int
    allowed: int
    suppressed: Mapping[str, int]
    features: int
    check: Check
    caution: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values; the moment in ISO."""
        told = {**self.__dict__, "as_of": clock.iso(self.as_of), "suppressed": dict(self.suppressed)}
        return told | {"check": self.check.to_json()}


def choice(top: int | None, share: float | None) -> dict[str, float]:
    """How many are wanted, as a rule says it.

    Raises
    ------
    SegmentError
        If both are given, or one is out of bounds.
    """
    if top is not None and share is not None:
        raise SegmentError(f"both top {top} and share {share:g} are given; one of them is expected; leave one out")
    if top is not None and top < 1:
        raise SegmentError(f"the top is {top}; a whole number from 1 on is expected; write 500 for the first 500")
    if share is not None and not 0 < share < 1:
        raise SegmentError(f"the share is {share:g}; one between 0 and 1 is expected; write 0.05 for one in twenty")
    return {"highest": top} if top is not None else {"top": SHARE if share is None else share}


def search(
    catalogue: Catalogue,
    records: Records,
    store: FeatureStore,
    name: str,
    choice: Mapping[str, float],
    as_of: int | None,
) -> Alike:
    """Look for those most like a segment; see `Segments.alike`."""
    store.refresh()
    seed = _seed(catalogue, name)
    rule = parse({"likeness": seed.name, **choice}, "the search")
    likenesses = Likenesses(catalogue.definitions()[0], records, store)
    likenesses.check(rule, scored.models(records), "the search")
    wanted = likenesses.subjects(rule)
    moment = moment_of(wanted, records, store, records.sources(), as_of)
    customers, columns = features(wanted, moment, store)
    alike, checked = likenesses.to(seed.name, columns, customers, moment)
    chosen = customers[members(rule, {Subject("likeness", seed.name): alike})]
    verdict = consent.gate(records, chosen, seed.purpose, seed.channel, clock.now(), records.watermark())
    return Alike(
        segment=seed.name,
        as_of=moment,
        members=checked.members,
        others=len(customers) - checked.members,
        chosen=len(chosen),
        allowed=int(verdict.allowed.sum()),
        suppressed=verdict.suppressed(),
        features=len(likenesses.traits(seed.name)),
        check=checked,
        caution=EASY if likenesses.is_by_model(seed.name) else "",
    )


def save(catalogue: Catalogue, folder: Path, name: str, choice: Mapping[str, float], new: str) -> Path:
    """Keep the choice as a rule segment; see `Segments.save_alike`."""
    seed = _seed(catalogue, name)
    if not is_name(new):
        raise SegmentError(
            f"the new segment is called {new!r}; lower-case letters, digits, _ and - are expected; name it "
            f"like_{seed.name}"
        )
    if new in {item.name for item in catalogue.list()}:
        raise SegmentError(f"there is a segment {new!r} already; a name of its own is expected; choose another")
    where = {"likeness": seed.name, **choice}
    parse(where, "the search")
    values = {
        "segment": new,
        "title": f"Like {seed.title or seed.name}",
        "description": f"Those outside the segment {seed.name} who are most like its members.",
        "purpose": seed.purpose,
        "channel": seed.channel,
        "where": where,
    }
    path = folder / f"{new}.yaml"
    try:
        write_whole(path, yaml.safe_dump(values, sort_keys=False, allow_unicode=True).encode())
    except OSError as error:
        raise SegmentError(
            f"the segment cannot be written to {path} ({error.strerror or error}); a folder that may be written is "
            "expected; make room or check its rights"
        ) from error
    load(path)
    return path


def _seed(catalogue: Catalogue, name: str) -> SegmentInfo:
    seed = catalogue.find(name)
    if seed.problem:
        raise SegmentError(seed.problem)
    return seed
