"""The delta of a log: what has arrived since its last compaction, and whom that touches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.history.files import Bucket, bucket_of, map_bucket, write_rows
from features.history.rows import Rows, concatenate, empty_like, sort, take
from features.kernel.program import Ints

SEEN, GHOSTS, PATCHES = "seen.arrow", "ghosts.arrow", "patches.arrow"


@dataclass(frozen=True)
class Delta:
    """Rows beside the buckets of a log.

    Attributes
    ----------
    seen : Rows
        Rows that can be seen, in the total order.
    ghosts : Rows
        Versions that are never seen but replace others.
    patches : Rows
        ``bucket``, ``row``, ``entity``, ``superseded_at``: rows of the buckets that later versions replace.
    """

    seen: Rows
    ghosts: Rows
    patches: Rows

    @property
    def entities(self) -> Ints:
        """Whose rows are not those of the buckets alone."""
        return np.unique(np.concatenate([self.seen["entity"], self.patches["entity"]]))

    def write(self, folder: Path) -> None:
        """Write it to a new folder."""
        folder.mkdir(parents=True)
        write_rows(self.seen, folder / SEEN)
        write_rows(self.ghosts, folder / GHOSTS)
        write_rows(self.patches, folder / PATCHES)

    @classmethod
    def read(cls, folder: Path, *, check: bool = False) -> Delta:
        """Map what `write` wrote."""
        return cls(*(map_bucket(folder / name, check=check).as_rows() for name in (SEEN, GHOSTS, PATCHES)))

    @classmethod
    def nothing(cls, like: Rows) -> Delta:
        """A delta without rows, of the columns of `like`."""
        none = np.zeros(0, np.int64)
        names = ("bucket", "row", "entity", "superseded_at")
        return cls(empty_like(like), empty_like(like), dict.fromkeys(names, none))


def overlay(base: Bucket, number: int, delta: Delta, touched: Ints) -> Bucket:
    """The rows of touched entities of one bucket, as they stand with the delta.

    Parameters
    ----------
    base : Bucket
    number : int
        Its number.
    delta : Delta
    touched : int64[]
        Touched entities of the bucket, ascending.
    """
    places = rows_of(base, touched)
    rows = take(base.as_rows(), places)
    patched = (delta.patches["bucket"] == number) & np.isin(delta.patches["entity"], touched)
    at = np.searchsorted(places, delta.patches["row"][patched])
    rows["superseded_at"][at] = delta.patches["superseded_at"][patched]
    fresh = take(delta.seen, np.isin(delta.seen["entity"], touched))
    return bucket_of(sort(concatenate([rows, {name: fresh[name] for name in rows}])))


def rows_of(bucket: Bucket, entities: Ints) -> Ints:
    """The places of some entities' rows in a bucket, ascending for ascending entities."""
    bounds = bucket.bounds(entities)
    sizes = bounds[:, 1] - bounds[:, 0]
    begins = np.cumsum(sizes) - sizes
    places: Ints = np.arange(int(sizes.sum())) + np.repeat(bounds[:, 0] - begins, sizes)
    return places
