"""Rows of a file on their way in: batches of texts with the number of each row, and rows that are no rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

ROW_NO = "row_no"
BATCH = 50_000
Note: TypeAlias = Callable[[int, str], None]


@dataclass(frozen=True)
class Malformed:
    """A row of a file that is no row.

    Attributes
    ----------
    row_no : int
    message : str
    """

    row_no: int
    message: str


@dataclass
class Opened:
    """A file that is being read.

    Attributes
    ----------
    names : list of str
        Columns, ``row_no`` last.
    batches : iterator of pa.RecordBatch
        Texts, and ``row_no`` int64.
    malformed : list of Malformed
        Rows left out; grows while the batches are read.
    """

    names: list[str]
    batches: Iterator[pa.RecordBatch]
    malformed: list[Malformed] = field(default_factory=list)

    @property
    def schema(self) -> pa.Schema:
        """Of every batch."""
        return text_schema(self.names[:-1])


def text_schema(names: Iterable[str]) -> pa.Schema:
    """Text columns and ``row_no``."""
    return pa.schema([*[(name, pa.string()) for name in names], (ROW_NO, pa.int64())])


def unique_names(names: Iterable[str]) -> list[str]:
    """Column names without doubles (capitals do not tell them apart), none empty, none called ``row_no``.

    Examples
    --------
    >>> unique_names(["id", "ID", "", "row_no"])
    ['id', 'ID_2', 'column_3', 'row_no_2']
    """
    taken = {ROW_NO, "#"}
    found = []
    for place, name in enumerate(names, 1):
        wanted = base = name.strip() or f"column_{place}"
        number = 2
        while wanted.lower() in taken:
            wanted, number = f"{base}_{number}", number + 1
        taken.add(wanted.lower())
        found.append(wanted)
    return found


def batched(names: list[str], rows: Iterable[tuple[int, list[str | None]]]) -> Iterator[pa.RecordBatch]:
    """Batches of numbered rows."""
    schema = text_schema(names)
    kept: list[list[str | None]] = []
    numbers: list[int] = []
    for number, row in rows:
        kept.append(row)
        numbers.append(number)
        if len(kept) == BATCH:
            yield _batch(schema, kept, numbers)
            kept, numbers = [], []
    yield _batch(schema, kept, numbers)


def _batch(schema: pa.Schema, rows: list[list[str | None]], numbers: list[int]) -> pa.RecordBatch:
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(schema) - 1)]
    return pa.record_batch([*columns, pa.array(numbers, pa.int64())], schema=schema)
