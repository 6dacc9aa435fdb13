"""A log as it stood at an earlier arrival, bucket by bucket."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from features.history.delta import Delta
from features.history.dictionary import Dictionary
from features.history.files import Bucket, bucket_of
from features.history.log import LogReader
from features.history.rows import Rows, concatenate, count, empty_like, take
from features.history.supersede import superseded_at
from features.kernel.codes import FOREVER
from features.kernel.program import Ints


class FrozenReader(LogReader):
    """A log as it stood when only rows up to a watermark had arrived.

    In memory are the buckets in use, and the versions of facts that have several.

    Parameters
    ----------
    reader : LogReader
    watermark : int
    """

    def __init__(self, reader: LogReader, watermark: int) -> None:
        super().__init__(reader.log, reader.state, reader.folder)
        self._reader = reader
        self._watermark = watermark

    @cached_property
    def dictionary(self) -> Dictionary:
        """The texts of its columns."""
        return self._reader.dictionary

    @cached_property
    def ghosts(self) -> Rows:
        """Versions that are never seen and had arrived."""
        parts = [self._reader.ghosts, self._reader.delta.ghosts]
        return concatenate([self._arrived({name: part[name] for name in parts[0]}) for part in parts])

    @cached_property
    def delta(self) -> Delta:
        """Nothing: every row is in the buckets."""
        return Delta.nothing(self.ghosts)

    def _map(self, number: int, *, check: bool) -> Bucket:  # noqa: ARG002 - the reader below checks
        rows = dict(self._reader.standing(number))
        if self.log.rule == "state":
            rows = self._arrived(rows)
            rows["superseded_at"] = self._ends(concatenate([rows, self._retractions(rows)]))[: count(rows)]
            return bucket_of(rows)
        rows["superseded_at"] = np.full(count(rows), FOREVER, np.int64)
        own = self._corrected["bucket"] == number
        rows["superseded_at"][self._corrected["row"][own]] = self._corrected["superseded_at"][own]
        return bucket_of(self._arrived(rows))

    @cached_property
    def _corrected(self) -> Rows:
        """The arrived versions of facts that have several, with their places and ends."""
        buckets = range(self.state.buckets)
        struck = [self.ghosts["fact"]]
        for number in buckets:
            rows = self._reader.standing(number)
            struck.append(rows["fact"][rows["superseded_at"] != FOREVER])
        facts = np.unique(np.concatenate(struck))
        parts = [empty_like(("bucket", "row", *self.ghosts))]
        for number in buckets if len(facts) else ():
            rows = self._reader.standing(number)
            places = np.flatnonzero(np.isin(rows["fact"], facts) & (rows["seq"] <= self._watermark))
            parts.append(take(rows, places) | {"bucket": np.full(len(places), number, np.int64), "row": places})
        nowhere = np.full(count(self.ghosts), -1, np.int64)
        parts.append(self.ghosts | {"bucket": nowhere, "row": nowhere})
        together = concatenate([{name: part[name] for name in parts[0]} for part in parts])
        return together | {"superseded_at": self._ends(together)}

    def _retractions(self, rows: Rows) -> Rows:
        ghosts = self.ghosts
        chosen = take(ghosts, (ghosts["gone"] == 2) & np.isin(ghosts["fact"], rows["fact"]))
        return {name: chosen[name] for name in rows}

    def _ends(self, rows: Rows) -> Ints:
        return superseded_at(rows, self.log, self.state.columns, self.dictionary)

    def _arrived(self, rows: Rows) -> Rows:
        return take(rows, rows["seq"] <= self._watermark)
