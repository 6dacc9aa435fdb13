"""What is known of each source of records, and of each custom attribute."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa
from sqlalchemy import func, select

from crm.connections import Connection
from crm.schema import Base
from crm.shapes import shapes

INTERNAL = "rapport"
_STORED = (
    "name",
    "kind",
    "title",
    "basis",
    "licence",
    "zone",
    "lag",
    "complete_until",
    "snapshot_at",
    "ordered",
    "mapping_sha256",
)


@dataclass(frozen=True, kw_only=True)
class SourceInfo:
    """A source of records and what it declares about itself.

    Attributes
    ----------
    name, kind : str
    title, basis, licence : str or None
        ``basis`` is the consent basis that it declares for its people.
    zone : str
        Zone of its naive times.
    lag : int
        ``known_at`` minus ``occurred_at`` of its records, µs.
    complete_until : int or None
        Moment up to which it tells everything, µs; None is a live source.
    snapshot_at : int or None
        Moment at which a source without times was taken, µs.
    ordered : bool
        Whether its rows are in order although undated.
    mapping_sha256 : str or None
        Hash of the mapping that was imported last.
    tables : dict of str to int
        Rows by table; facts count each version. Filled when read.
    """

    name: str
    kind: str = "file"
    title: str | None = None
    basis: str | None = None
    licence: str | None = None
    zone: str = "UTC"
    lag: int = 0
    complete_until: int | None = None
    snapshot_at: int | None = None
    ordered: bool = False
    mapping_sha256: str | None = None
    tables: dict[str, int] = field(default_factory=dict, compare=False)

    def row(self) -> pa.Table:
        """The source as one row of the table ``sources``."""
        return pa.Table.from_pylist([{name: getattr(self, name) for name in _STORED}])


@dataclass(frozen=True)
class AttributeInfo:
    """A custom attribute: its code, type, unit, and when it is known.

    Attributes
    ----------
    id : int
    code, type : str
        ``type`` is int, decimal, text, bool, date or picklist.
    title, unit : str or None
    data_class : str
    known : str
        ``always`` or ``after_outcome``.
    suspect : str or None
        Why the attribute may give the outcome away.
    """

    id: int
    code: str
    title: str | None
    type: str
    unit: str | None
    data_class: str
    known: str
    suspect: str | None


def read_sources(connection: Connection) -> list[SourceInfo]:
    """All sources by name, with the rows that each has in each table."""
    table = Base.metadata.tables["sources"]
    found = connection.rows(select(table.c.id, *[table.c[name] for name in _STORED]).order_by(table.c.name))
    counts: dict[int, dict[str, int]] = {}
    for name, shape in sorted(shapes().items()):
        if shape in ("head", "fact"):
            counted = Base.metadata.tables[name]
            query = select(counted.c.source_id, func.count()).group_by(counted.c.source_id)
            for source_id, rows in connection.rows(query):
                counts.setdefault(int(source_id), {})[name] = int(rows)
    return [_source(row, counts.get(int(row[0]), {})) for row in found]


def read_holders(connection: Connection, name: str, column: str) -> list[str]:
    """Names of the sources that have rows in a table where a column is not null."""
    sources, table = Base.metadata.tables["sources"], Base.metadata.tables[name]
    holds = select(table.c.source_id).where(table.c[column].is_not(None)).distinct()
    query = select(sources.c.name).where(sources.c.id.in_(holds)).order_by(sources.c.name)
    return [str(row[0]) for row in connection.rows(query)]


def _source(row: tuple[Any, ...], tables: dict[str, int]) -> SourceInfo:
    values = dict(zip(_STORED, row[1:], strict=True))
    values["ordered"] = bool(values["ordered"])
    return SourceInfo(**values, tables=tables)


def read_attributes(connection: Connection, entity: str) -> list[AttributeInfo]:
    """The custom attributes of an entity by code."""
    table = Base.metadata.tables["attribute_definitions"]
    chosen = [table.c[item.name] for item in fields(AttributeInfo)]
    rows = connection.rows(select(*chosen).where(table.c.entity == entity).order_by(table.c.code))
    return [AttributeInfo(*row) for row in rows]
