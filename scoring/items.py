"""The items that a recommendation can name, and how strongly each is bound to others."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scoring.artefact import Artefact
from scoring.errors import ArtefactError
from scoring.model import Floats

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Items:
    """Items in a fixed order; their places in it are their codes.

    Attributes
    ----------
    ids : ndarray of int64, shape (n,)
        Product ids, rising.
    numbers, names : tuple of str
        Product numbers, and names for reasons (the number where there is no name).
    popularity, recent : ndarray of float64, shape (n,)
        Purchases in all the history, and in its last window.
    active : ndarray of bool, shape (n,)
        Whether the item was still sold when the model was trained.

    Examples
    --------
    >>> items = Items.plain(np.array([3, 8]), np.array([5.0, 1.0]), np.array([0.0, 2.0]))
    >>> items.codes(np.array([8, 4])).tolist(), items.recent_share.tolist()
    ([1, -1], [0.0, 1.0])
    """

    ids: Ids
    numbers: tuple[str, ...]
    names: tuple[str, ...]
    popularity: Floats
    recent: Floats
    active: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def plain(cls, ids: Ids, popularity: Floats, recent: Floats) -> Self:
        """Items of which no more than the counts is known."""
        numbers = tuple(str(item) for item in ids.tolist())
        return cls(ids, numbers, numbers, popularity, recent, np.ones(len(ids), dtype=bool))

    @cached_property
    def popular_share(self) -> Floats:
        """Popularity between 0 and 1."""
        return _share(self.popularity)

    @cached_property
    def recent_share(self) -> Floats:
        """Recent popularity between 0 and 1; that of all the history where the last window is empty."""
        return _share(self.recent if self.recent.any() else self.popularity)

    def codes(self, ids: Ids) -> npt.NDArray[np.intp]:
        """Place of each product, -1 for those that are not among the items."""
        places = np.searchsorted(self.ids, ids)
        inside = np.minimum(places, max(len(self.ids) - 1, 0))
        known = self.ids[inside] == ids if len(self.ids) else np.zeros(len(ids), dtype=bool)
        return np.where(known, inside, -1)

    def take(self, rows: npt.NDArray[np.intp]) -> Self:
        """The items in some rising places."""
        numbers, names = (tuple(words[row] for row in rows.tolist()) for words in (self.numbers, self.names))
        return type(self)(self.ids[rows], numbers, names, self.popularity[rows], self.recent[rows], self.active[rows])

    def to_parquet(self) -> bytes:
        """The items as the bytes of a Parquet file, one row each."""
        return parquet(
            {
                "product_id": self.ids,
                "product_no": list(self.numbers),
                "name": list(self.names),
                "popularity": self.popularity,
                "recent": self.recent,
                "active": self.active,
            }
        )

    @classmethod
    def read(cls, artefact: Artefact, name: str) -> Self:
        """Read back what `to_parquet` gave.

        Raises
        ------
        ArtefactError
            If the file is missing or is none of items.
        """
        held = table(artefact, name)
        numbers, names = (tuple(map(str, held[item].to_pylist())) for item in ("product_no", "name"))
        return cls(
            np.array(held["product_id"], dtype=np.int64),
            numbers,
            names,
            np.array(held["popularity"], dtype=np.float64),
            np.array(held["recent"], dtype=np.float64),
            np.array(held["active"], dtype=bool),
        )


@dataclass(frozen=True)
class Neighbours:
    """For every item the items that it speaks for, and how much: a sparse matrix by rows.

    Attributes
    ----------
    start : ndarray of int64, shape (n + 1,)
        Where each item's neighbours begin in the other two.
    item : ndarray of int32
    weight : ndarray of float32

    Examples
    --------
    >>> Neighbours.of(np.array([[0.0, 0.5, 0.1], [0.5, 0.0, 0.0], [0.1, 0.0, 0.0]]), most=1).item.tolist()
    [1, 0, 0]
    """

    start: Ids
    item: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]
    _wide: Floats = field(init=False, repr=False, compare=False, default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_wide", self.weight.astype(np.float64))

    @classmethod
    def none(cls, count: int) -> Self:
        """No item has neighbours."""
        return cls(np.zeros(count + 1, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))

    @classmethod
    def of(cls, matrix: Floats, *, most: int) -> Self:
        """The `most` strongest neighbours of each item (row), weights of zero left out."""
        count = len(matrix)
        most = min(most, count)
        best = np.argpartition(-np.abs(matrix), most - 1, axis=1)[:, :most] if most else np.empty((count, 0), dtype=int)
        best = np.sort(best, axis=1)
        weights = np.take_along_axis(matrix, best, axis=1).astype(np.float32)
        used = weights != 0
        start = np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype(np.int64)
        return cls(start, best[used].astype(np.int32), weights[used])

    def spread(self, codes: npt.NDArray[np.intp], weights: Floats) -> tuple[Ids, Floats, npt.NDArray[np.intp]]:
        """What the given items say: neighbour, weight, and which of `codes` said it, in their order."""
        begin, length = self.start[codes], self.start[codes + 1] - self.start[codes]
        speaker = np.repeat(np.arange(len(codes)), length)
        places = np.arange(len(speaker)) - np.repeat(np.cumsum(length) - length, length) + begin[speaker]
        return self.item[places].astype(np.int64), self._wide[places] * weights[speaker], speaker

    def to_parquet(self) -> bytes:
        """The bonds as the bytes of a Parquet file, one row each, by item."""
        source = np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))
        return parquet({"item": source, "neighbour": self.item, "weight": self.weight})

    @classmethod
    def read(cls, artefact: Artefact, name: str, count: int) -> Self:
        """Read back what `to_parquet` gave for `count` items.

        Raises
        ------
        ArtefactError
            If the file is missing or names items that are not there.
        """
        held = table(artefact, name)
        source, item = np.array(held["item"], dtype=np.int64), np.array(held["neighbour"], dtype=np.int32)
        if len(source) and (min(source.min(), item.min()) < 0 or max(source.max(), item.max()) >= count):
            raise ArtefactError.unreadable(artefact.path / name, f"it names items beyond the {count} listed")
        start = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=count))]).astype(np.int64)
        return cls(start, item, np.array(held["weight"], dtype=np.float32))


def _share(counts: Floats) -> Floats:
    largest = counts.max(initial=0.0)
    result: Floats = counts / largest if largest > 0 else np.zeros(len(counts))
    return result


def parquet(columns: dict[str, Any]) -> bytes:
    """Columns as the bytes of a Parquet file, the same for the same columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression="zstd", store_schema=False)
    return stream.getvalue()


def table(artefact: Artefact, name: str) -> Any:
    """A Parquet file of an artefact as an Arrow table.

    Raises
    ------
    ArtefactError
        If the file is missing or is no Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if name not in artefact.files:
        raise ArtefactError.absent(artefact.path, [name])
    try:
        return pq.read_table(io.BytesIO(artefact.files[name]))
    except (pa.ArrowException, OSError) as error:
        raise ArtefactError.unreadable(artefact.path / Path(name), error) from error
