"""Which rows teach, which choose and calibrate, and which judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scoring import Floats
from scoring.candidate import Protocol
from training.errors import TrainingError
from training.rows import Ids, Index, Rows

FEWEST_ROWS = 20
FEWEST_OF_A_PART = 10  # rows of the rarer outcome that each part of a split in time needs
FOLDS = 5


@dataclass(frozen=True)
class Split:
    """A division of rows.

    Attributes
    ----------
    protocol : {"time", "order", "fold", "random"}
        ``time`` and ``order`` hold rows back: `train`, `calibrate`, `test` are positions. ``fold`` and
        ``random`` judge every row by a model that did not see its entity: `folds` holds one array of
        positions per fold, and `train`, `calibrate` and `test` are all rows.
    note : str
        One sentence that says what was done.
    """

    protocol: Protocol
    note: str
    train: Index
    calibrate: Index
    test: Index
    folds: Sequence[Index] = field(default_factory=tuple)

    @property
    def taught(self) -> Index:
        """Positions of the rows that teach the model that answers: all but those that judge it."""
        return self.train if self.folds else np.concatenate([self.train, self.calibrate])


def check(name: str, rows: Rows, outcome: str) -> None:
    """Refuse rows from which nothing can be learned.

    Raises
    ------
    TrainingError
        If there are fewer than 20 rows, or fewer than 2 of one outcome.
    """
    if len(rows) < FEWEST_ROWS:
        raise TrainingError.too_few(name, len(rows), FEWEST_ROWS)
    if rows.rarer < 2:
        raise TrainingError.one_class(name, len(rows), outcome, rows.rarer)


def held_back(protocol: Protocol, note: str, rows: Rows, parts: tuple[Index, Index, Index]) -> Split | None:
    """A split into three parts, or None when a part has too few rows of the rarer outcome."""
    if any(rows.take(part).rarer < FEWEST_OF_A_PART for part in parts):
        return None
    return Split(protocol, note, *parts)


def by_order(rows: Rows) -> tuple[Index, Index, Index]:
    """The first 64 % of the rows, the next 16 %, the last 20 %.

    Examples
    --------
    >>> rows = Rows(np.arange(100), np.zeros(100, dtype=np.int64), np.zeros(100), {})
    >>> [len(part) for part in by_order(rows)]
    [64, 16, 20]
    """
    places = np.arange(len(rows))
    first, second = int(0.64 * len(rows)), int(0.8 * len(rows))
    return places[:first], places[first:second], places[second:]


def in_folds(protocol: Protocol, note: str, rows: Rows, *, seed: int) -> Split:
    """Every row judged by a model that saw neither it nor another row of its entity; stratified by outcome.

    Examples
    --------
    >>> rows = Rows(np.array([1, 1, 2, 3, 4, 4]), np.zeros(6, dtype=np.int64), np.array([1.0, 1, 0, 1, 0, 0]), {})
    >>> split = in_folds("fold", "", rows, seed=1)
    >>> sorted(np.concatenate(split.folds).tolist()), len(split.folds)
    ([0, 1, 2, 3, 4, 5], 2)
    """
    count = max(2, min(FOLDS, _rarer_entities(rows)))
    fold = fold_of(rows.ids, rows.y, count, seed=seed)
    everything = np.arange(len(rows))
    folds = [np.flatnonzero(fold == place) for place in range(count)]
    return Split(protocol, note, everything, everything, everything, folds)


def fold_of(ids: Ids, y: Floats, count: int, *, seed: int) -> Index:
    """Fold of each row: entities are dealt out in random order, those with the outcome and those without apart.

    Examples
    --------
    >>> fold_of(np.array([1, 2, 3, 4]), np.array([1.0, 1.0, 0.0, 0.0]), 2, seed=0).tolist() in ([0, 1, 1, 0],
    ...     [0, 1, 0, 1], [1, 0, 0, 1], [1, 0, 1, 0])
    True
    """
    entities, place = np.unique(ids, return_inverse=True)
    has = np.zeros(len(entities), dtype=bool)
    np.logical_or.at(has, place, y > 0)
    order = np.random.default_rng(seed).permutation(len(entities))
    order = order[np.argsort(has[order], kind="stable")]
    fold = np.empty(len(entities), dtype=np.intp)
    fold[order] = np.arange(len(entities)) % count
    return fold[place]


def _rarer_entities(rows: Rows) -> int:
    return min(len(np.unique(rows.ids[rows.y > 0])), len(np.unique(rows.ids[rows.y == 0])))
