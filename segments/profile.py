"""A segment's profile: in what its members differ from all other customers, as of its last build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm.clock import iso
from features import FeatureStore
from segments.columns import features
from segments.contrast import Contrast, contrast, strongest
from segments.errors import SegmentError
from segments.rule import All, Rule, Subject
from segments.traits import measures, traits

FEWEST = 20  # members, and others: fewer would tell of persons
MOST = 8


@dataclass(frozen=True)
class Profile:
    """What sets a segment apart.

    Attributes
    ----------
    segment : str
    as_of : int
        µs.
    members, others : int
    contrasts : tuple of Contrast
        Strongest first, one for each measure.
    """

    segment: str
    as_of: int
    members: int
    others: int
    contrasts: tuple[Contrast, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; the moment in ISO."""
        told = {**self.__dict__, "as_of": iso(self.as_of)}
        return told | {"contrasts": [item.to_json() | {"words": item.words()} for item in self.contrasts]}


def profile(
    store: FeatureStore, name: str, rule: Rule | None, members: NDArray[np.int64], as_of: int, most: int = MOST
) -> Profile:
    """Compare members with all other customers, by every feature that anybody may be told of.

    Raises
    ------
    SegmentError
        If there are too few members, or others, to speak of them without telling of persons.
    """
    shown = traits(store, All(()))
    customers, columns = features([Subject("feature", item.ref) for item in shown], as_of, store)
    is_member = np.isin(customers, members)
    for count, what in ((int(is_member.sum()), "members"), (int((~is_member).sum()), "customers outside it")):
        if count < FEWEST:
            raise SegmentError(
                f"the segment {name!r} has {count:,} {what} as of {iso(as_of)}; at least {FEWEST} are expected, so "
                f"that a profile tells of nobody; name a {'wider' if what == 'members' else 'narrower'} segment"
            )
    free = {item.ref for item in traits(store, rule)} if rule is not None else {item.ref for item in shown}
    found: dict[str, list[Contrast]] = {}
    for item in shown:
        told = contrast(item.ref, item.title, columns[Subject("feature", item.ref)], is_member)
        if told is not None:
            made = Contrast(**{**told.__dict__, "by_rule": item.ref not in free})
            found.setdefault(measures(store, item.ref), []).append(made)
    count = int(is_member.sum())
    return Profile(name, as_of, count, len(customers) - count, tuple(strongest(found, most)))
