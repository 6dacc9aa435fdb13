"""One log on disk: its buckets, its dictionary, and the versions that are never seen but replace others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from features.declare.log import Log
from features.history.dictionary import Dictionary
from features.history.files import Bucket, bucket_of, map_bucket, write_rows
from features.history.rows import SYSTEM, TIMES, Rows, concatenate, count, sort, take
from features.history.supersede import superseded_at
from features.kernel.program import Ints

BUCKET_ROWS = 1_000_000
GHOSTS, DICTIONARY = "ghosts.arrow", "dictionary.json"


@dataclass(frozen=True)
class LogState:
    """What the manifest says of a log.

    Attributes
    ----------
    generation : str
        Folder of its files.
    columns : tuple of str
        Its value columns.
    buckets : int
        An entity's rows lie in the bucket of its id modulo this.
    rows : int
        Rows that can be seen.
    watermark : int
        Greatest ``seq`` that it holds.
    """

    generation: str
    columns: tuple[str, ...]
    buckets: int
    rows: int
    watermark: int


class LogReader:
    """Reads one generation of a log.

    Parameters
    ----------
    log : Log
    state : LogState
    folder : Path
        The generation's folder.
    """

    def __init__(self, log: Log, state: LogState, folder: Path) -> None:
        self.log = log
        self.state = state
        self.folder = folder
        self._buckets: dict[int, Bucket] = {}

    @cached_property
    def dictionary(self) -> Dictionary:
        """The texts of its columns."""
        return Dictionary.read(self.folder / DICTIONARY)

    def bucket(self, number: int) -> Bucket:
        """One bucket, mapped on first use."""
        if number not in self._buckets:
            self._buckets[number] = map_bucket(self.folder / f"bucket-{number:05d}.arrow")
        return self._buckets[number]

    def bucket_numbers(self, entities: Ints) -> Ints:
        """The bucket of each entity."""
        return entities % self.state.buckets

    def versions(self) -> Rows:
        """Every version that arrived, seen or not, without the moment of supersession."""
        parts = [self.bucket(number).as_rows() for number in range(self.state.buckets)]
        ghosts = map_bucket(self.folder / GHOSTS).as_rows()
        seen = concatenate(parts)
        del seen["superseded_at"]
        return concatenate([seen, {name: ghosts[name] for name in seen}])


def write_log(
    log: Log, versions: Rows, columns: tuple[str, ...], dictionary: Dictionary, folder: Path
) -> tuple[int, int]:
    """Write every version that arrived as a new generation; returns the numbers of buckets and of rows."""
    folder.mkdir(parents=True)
    rows = versions | {"superseded_at": superseded_at(versions, log, columns, dictionary)}
    order = ("entity", *TIMES, *SYSTEM[1:], *columns)
    rows = {name: rows[name] for name in order}
    seen = rows["gone"] == 0
    write_rows(take(rows, ~seen), folder / GHOSTS)
    rows = sort(take(rows, seen))
    buckets = max(1, -(-count(rows) // BUCKET_ROWS))
    for number in range(buckets):
        part = rows if buckets == 1 else take(rows, rows["entity"] % buckets == number)
        write_rows(part, folder / f"bucket-{number:05d}.arrow")
    dictionary.save(folder / DICTIONARY)
    return buckets, count(rows)


def as_of_arrival(reader: LogReader, number: int, watermark: int) -> Bucket:
    """A bucket as it stood when only rows up to `watermark` had arrived."""
    versions = reader.versions()
    versions = take(versions, versions["seq"] <= watermark)
    columns = reader.state.columns
    versions["superseded_at"] = superseded_at(versions, reader.log, columns, reader.dictionary)
    keep = (versions["gone"] == 0) & (versions["entity"] % reader.state.buckets == number)
    return bucket_of(sort(take(versions, np.flatnonzero(keep))))
