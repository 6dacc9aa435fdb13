"""From groups to segments: what sets each apart, its name, and the segment of the champion that it continues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scoring import Floats, Frame, SegmentationModel
from scoring.grouping import Grouping, RfmRule, logged
from scoring.segmentation import Segment
from training.naming import Trait, describe, match, sentence, settle


@dataclass(frozen=True)
class Portrait:
    """The segments of a grouping, and how customers moved between the champion's and these.

    Attributes
    ----------
    segments : tuple of Segment
        In the order of the groups.
    migration : mapping of str to mapping of str to int
        Customers by the champion's segment and the new one; empty without champion.
    traits : tuple of str
        What segments are told apart by, in words.
    differences : mapping of str to tuple of float
        For each segment and trait, its mean's distance from everybody's in standard deviations.
    """

    segments: tuple[Segment, ...]
    migration: Mapping[str, Mapping[str, int]]
    traits: tuple[str, ...] = ()
    differences: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def paint(
    grouping: Grouping,
    frame: Frame,
    traits: Sequence[Trait],
    later: Mapping[int, float],
    champion: SegmentationModel | None,
) -> Portrait:
    """Name the groups of a frame's rows.

    Parameters
    ----------
    grouping : Grouping
    frame : mapping of str to ndarray
        Values of the grouping's features, of the traits, and of the champion's features.
    traits : sequence of Trait
    later : mapping of int to float
        Mean later outcome by group.
    champion : SegmentationModel, optional
        Whose ids and names matched groups keep.
    """
    places = grouping.place(frame)
    count = len(grouping.names) if isinstance(grouping, RfmRule) else int(places.max(initial=0)) + 1
    shares = np.bincount(places, minlength=count) / max(len(places), 1)
    old = None if champion is None else champion.places(frame)
    kept: dict[int, Segment] = {}
    if champion is not None and old is not None:
        pairs = match(old, places, len(champion.segments), count)
        kept = {new: champion.segments[before] for new, before in pairs.items()}
    differences, means = _contrasts(frame, traits, places, count)
    taken = {segment.name for segment in kept.values()}
    names, words = [], []
    for place in range(count):
        if isinstance(grouping, RfmRule):
            name = grouping.names[place]
        else:
            name = "" if place in kept else describe(traits, differences[place], taken)
        taken.add(name)
        names.append(name)
        words.append(sentence(traits, differences[place], means[place], means[count]))
    used = [] if champion is None else [segment.id for segment in champion.segments]
    segments = settle(names, words, shares, later, kept, used)
    apart = {segment.name: tuple(differences[place].tolist()) for place, segment in enumerate(segments)}
    return Portrait(
        segments, _migration(champion, old, segments, places), tuple(trait.title for trait in traits), apart
    )


def _contrasts(frame: Frame, traits: Sequence[Trait], places: np.ndarray, count: int) -> tuple[Floats, Floats]:
    """Standardised differences (groups, traits), and plain means (groups and everybody, traits)."""
    differences, means = np.zeros((count, len(traits))), np.zeros((count + 1, len(traits)))
    for column, trait in enumerate(traits):
        values = logged(frame, trait.ref, trait.per)
        spread = np.nanstd(values) if np.isfinite(values).any() else 0.0
        everybody = np.nanmean(values) if np.isfinite(values).any() else 0.0
        plain = np.expm1(np.abs(values)) * np.sign(values)
        means[count, column] = _mean(plain)
        for place in range(count):
            own = values[places == place]
            means[place, column] = _mean(plain[places == place])
            if spread > 0 and np.isfinite(own).any():
                differences[place, column] = (np.nanmean(own) - everybody) / spread
    return differences, means


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def _migration(
    champion: SegmentationModel | None, old: np.ndarray | None, segments: Sequence[Segment], places: np.ndarray
) -> dict[str, dict[str, int]]:
    if champion is None or old is None:
        return {}
    return {
        before.name: {
            after.name: int(((old == row) & (places == column)).sum()) for column, after in enumerate(segments)
        }
        for row, before in enumerate(champion.segments)
    }
