"""What kind of table each one is, what its foreign keys point to, and in which order tables are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    String,
    Subquery,
    Table,
    UniqueConstraint,
    cast,
    func,
    select,
    union_all,
)

from crm.errors import RecordsError
from crm.schema import Base

MANAGED = ("id", "version", "public_id", "source_id", "seq")  # only the writer sets these
CLOCKED = ("source_key", "op", "occurred_at", "known_at")


@cache
def shapes() -> dict[str, str]:
    """``head``, ``fact``, ``reference`` or ``versions`` by table name."""
    found = {str(mapper.local_table.name): str(mapper.class_.shape) for mapper in Base.registry.mappers}  # type: ignore[attr-defined]  # FromClause has a name here
    return found | {name: "versions" for name, table in Base.metadata.tables.items() if "head" in table.info}


@cache
def ordered() -> tuple[str, ...]:
    """All table names, referred-to tables first."""
    return tuple(table.name for table in Base.metadata.sorted_tables)


@dataclass(frozen=True)
class Link:
    """One foreign key that a writer may give as ``<name>_key``.

    Attributes
    ----------
    name : str
        ``product`` for ``product_id``.
    target : Table
        The table that is referred to.
    version : str or None
        The column that holds the version, when the target is a fact.
    """

    name: str
    target: Table
    version: str | None

    @property
    def key(self) -> str:
        """The column that a writer gives."""
        return f"{self.name}_key"

    @property
    def id(self) -> str:
        """The column that is stored."""
        return f"{self.name}_id"


@cache
def links(table: str) -> dict[str, Link]:
    """The links of a table by the name of their key column."""
    found = {}
    for constraint in Base.metadata.tables[table].foreign_key_constraints:
        names = [column.name for column in constraint.columns]
        if names[0].endswith("_id") and names[0] != "source_id" and names[1:] in ([], [f"{names[0][:-3]}_version"]):
            link = Link(names[0][:-3], constraint.referred_table, names[1] if names[1:] else None)
            found[link.key] = link
    return found


def content(table: Table) -> list[Column[object]]:
    """The columns that say something about the business: all but the managed and the clocked ones."""
    return [column for column in table.columns if column.name not in (*MANAGED, *CLOCKED)]


@cache
def natural_key(table: str) -> tuple[str, ...]:
    """The columns by which the rows of a reference are told apart; empty where every row is a new one."""
    for mapper in Base.registry.mappers:
        if mapper.local_table is Base.metadata.tables[table]:
            for item in getattr(mapper.class_, "__table_args__", ()):
                if isinstance(item, UniqueConstraint):
                    return tuple(item.columns.keys()) or tuple(str(name) for name in item._pending_colargs)
    keys = tuple(column.name for column in Base.metadata.tables[table].primary_key.columns)
    return () if keys == ("id",) else keys


def listed(table: Table) -> Subquery:
    """Columns ``id`` and ``key`` of a list, a row for each way in which one of its rows may be called.

    The key joins the parts of the natural key with a slash: a stage is ``<pipeline>/<stage>``, an attribute
    ``<entity>/<code>``, a pipeline just its name. The last part alone is enough where it is the only one.

    Raises
    ------
    RecordsError
        If the table has no natural key.
    """
    whole = _called(table)
    if len(natural_key(table.name)) == 1:
        return whole.subquery()
    names = whole.subquery()
    alone = select(func.max(names.c.id).label("id"), names.c.last.label("key"), names.c.last)
    alone = alone.group_by(names.c.last).having(func.count() == 1)
    every = union_all(select(whole.subquery()), alone).subquery()
    return select(every.c.id, every.c.key).distinct().subquery()


def _called(table: Table) -> Select[Any]:
    """Columns ``id``, ``key`` (all parts) and ``last`` (the last part)."""
    if not natural_key(table.name):
        raise RecordsError(f"rows of {table.name} have no key; their ids are expected; give the _id column")
    source: FromClause = table
    parts: list[ColumnElement[str]] = []
    for name in natural_key(table.name):
        column = table.columns[name]
        target = next((key.column.table for key in column.foreign_keys if key.column.name == "id"), None)
        if target is not None and shapes()[target.name] == "reference":
            inner = _called(target).subquery()
            source = source.join(inner, inner.c.id == column)
            parts.append(inner.c.key)
        else:
            parts.append(cast(column, String))
    key = parts[0]
    for part in parts[1:]:
        key = key + "/" + part
    return select(table.c.id, key.label("key"), parts[-1].label("last")).select_from(source)
