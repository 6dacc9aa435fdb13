"""What features need of records, so that rows given inline can stand in for a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from crm import AttributeInfo, SourceInfo


class Reading(Protocol):
    """The part of `crm.Records` that the feature store reads."""

    def watermark(self) -> int:
        """The greatest arrival number."""

    def arrow(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        after_seq: int | None = None,
        upto_seq: int | None = None,
    ) -> pa.Table:
        """Columns of a table, perhaps only rows that arrived within a range."""

    def sources(self) -> list[SourceInfo]:
        """Every source, with its rows by table."""

    def holders(self, table: str, column: str) -> list[str]:
        """Names of the sources with rows whose column is not null."""

    def attributes(self, entity: str) -> list[AttributeInfo]:
        """The custom attributes of an entity."""

    def numbers(self, entity: str) -> pa.Table:
        """``id`` and ``number`` of every row of an entity."""
