"""What features need of records, so that rows given inline can stand in for a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from crm import AttributeInfo, Merges, SourceInfo


class Reading(Protocol):
    """The part of `crm.Records` that the feature store reads."""

    def watermark(self) -> int:
        """The greatest arrival number."""

    def arrived(self, table: str, after_seq: int) -> bool:
        """Whether rows of a table have arrived since; cheap."""

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        after_seq: int | None = None,
        upto_seq: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Columns of a table batch by batch, perhaps only rows that arrived within a range."""

    def sources(self) -> list[SourceInfo]:
        """Every source, with its rows by table."""

    def holders(self, table: str, column: str) -> list[str]:
        """Names of the sources with rows whose column is not null."""

    def attributes(self, entity: str) -> list[AttributeInfo]:
        """The custom attributes of an entity."""

    def numbers(self, entity: str, ids: Sequence[int] | None = None) -> pa.Table:
        """``id`` and ``number`` of every row of an entity, or of some ids."""

    def merges(self) -> Merges:
        """Which customers were merged into which."""


def grouped(batches: Iterable[pa.RecordBatch], rows: int = 2**18) -> Iterator[pa.Table]:
    """Batches as tables of at least so many rows each, but for the last."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(item.num_rows for item in held) >= rows:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)
