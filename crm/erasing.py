"""Erasure: one person leaves the records for good; what happened stays, but no longer speaks of them.

Which columns and rows that means follows from the schema: rows that say nothing without the person are removed; the
link of all others is cut, and their personal columns (by data class) are emptied, in every version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    column,
    delete,
    literal,
    null,
    select,
    table,
    update,
)

from crm.clock import now
from crm.connections import Connection
from crm.merges import end_of, links
from crm.schema import Base
from crm.shapes import ordered, shapes

PERSONAL = ("contact", "identity", "free_text", "special", "secret")
_TABLES = Base.metadata.tables
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True)
class Erased:
    """Whom an erasure is about, and what it takes out of the records.

    Attributes
    ----------
    ids : dict of str to list of int
        Record ids by head table (``customers``, ``leads``, ``parties``).
    texts : list of str
        Numbers, keys and addresses by which the person is found elsewhere. Personal: never kept.
    removed, unlinked : dict of str to int
        Rows by table, each fact or head counted once.
    """

    ids: dict[str, list[int]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    removed: dict[str, int] = field(default_factory=dict)
    unlinked: dict[str, int] = field(default_factory=dict)

    @property
    def is_found(self) -> bool:
        """Whether the records know the person."""
        return bool(self.ids)


def erase(connection: Connection, customer_no: str, *, is_trial: bool = False) -> Erased:
    """Take a customer out of the records; the caller holds the transaction.

    Parameters
    ----------
    connection : Connection
    customer_no : str
        A present or former number.
    is_trial : bool
        Only say what would be done.
    """
    erasure = _Erasure(connection)
    parties = erasure.parties_of(customer_no)
    if not parties:
        return Erased()
    root, others = parties[0], set(parties[1:])
    erasure.leave(root)
    erasure.remove("parties", others)
    told = Erased(
        {name: sorted(erasure.gone[name]) for name in ("customers", "leads") if erasure.gone.get(name)}
        | {"parties": sorted({root, *others})},
        erasure.texts(),
        {name: len(ids) for name, ids in sorted(erasure.gone.items()) if ids},
        {name: len(ids) for name, ids in sorted(erasure.cut.items()) if ids - erasure.gone.get(name, set())},
    )
    if not is_trial:
        erasure.run(root)
    return told


class _Erasure:
    """What goes and what is cut loose, worked out before anything is changed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.gone: dict[str, set[int]] = {}
        self.cut: dict[str, set[int]] = {}

    def parties_of(self, customer_no: str) -> list[int]:
        """The party that stays of the one behind a number, and all that were merged into it, step by step."""
        customers = _TABLES["customers_versions"]
        found = self.connection.rows(select(customers.c.party_id).where(customers.c.customer_no == customer_no))
        own = sorted({int(party) for (party,) in found})
        if not own:
            return []
        into = links(self.connection)
        ends = {party: end_of(party, into) for party in {*own, *into}}
        root = ends[own[0]] or own[0]
        return list(dict.fromkeys([root, *own, *sorted(party for party, end in ends.items() if end == root)]))

    def leave(self, party: int) -> None:
        """Follow everything that refers to a party which itself stays, empty."""
        self.cut.setdefault("parties", set()).add(party)
        self._follow("parties", {party})

    def remove(self, name: str, ids: set[int]) -> None:
        """Rows that go, and with them what says nothing without them."""
        fresh = ids - self.gone.setdefault(name, set())
        if fresh:
            self.gone[name] |= fresh
            self._follow(name, fresh)

    def unlink(self, name: str, ids: set[int]) -> None:
        """Rows that stay without the person; what belongs to them is emptied too."""
        fresh = ids - self.cut.setdefault(name, set())
        if fresh:
            self.cut[name] |= fresh
            for link in references(name):
                if not link.nullable:
                    self.unlink(link.table.name, self._referring(link, fresh))

    def _follow(self, name: str, ids: set[int]) -> None:
        for link in references(name):
            found = self._referring(link, ids)
            if is_needed(link) or link.table.name == "leads":  # a lead of this person is this person
                self.remove(link.table.name, found)
            else:
                self.unlink(link.table.name, found)

    def _referring(self, link: Column[int], ids: set[int]) -> set[int]:
        with self._listed("referred", ids) as listed:
            found: set[int] = set()
            for place in versions_and(link.table):
                query = select(place.c.id).where(place.c[link.name].in_(select(listed.c.id)))
                found |= {int(number) for (number,) in self.connection.rows(query)}
        return found

    def texts(self) -> list[str]:
        """Numbers and keys of the heads that go, and every address in a personal column of what goes or is cut."""
        found: set[str] = set()
        for name, ids in [*self.gone.items(), *self.cut.items()]:
            with self._listed("told", ids) as listed:
                for place in versions_and(_TABLES[name]):
                    chosen = [
                        item for item in place.columns if is_personal(item) and isinstance(item.type, String | Text)
                    ]
                    query = select(*chosen).where(place.c.id.in_(select(listed.c.id)))
                    for row in self.connection.rows(query):
                        for item, value in zip(chosen, row, strict=True):
                            if value and name in ("customers", "leads") and item.name in _KEYS:
                                found.add(str(value))
                            found.update(_EMAIL.findall(str(value or "")))
        return sorted(found)

    def run(self, root: int) -> None:
        """Do it, with the guards of the append-only tables aside for the length of the transaction."""
        connection = self.connection
        connection.defer_foreign_keys()
        with _unguarded(connection, {*self.gone, *self.cut}):
            for name, ids in self.cut.items():
                with self._listed("cut", ids - self.gone.get(name, set())) as listed:
                    self._empty(_TABLES[name], listed)
            for name in reversed(ordered()):
                if self.gone.get(name):
                    with self._listed("gone", self.gone[name]) as listed:
                        for place in versions_and(_TABLES[name]):
                            connection.execute(delete(place).where(place.c.id.in_(select(listed.c.id))))
            self._tombstone(root)

    def _empty(self, cut: Table, listed: Table) -> None:
        for place in versions_and(cut):
            values = {item.name: _nothing(item) for item in place.columns if is_personal(item)}
            values |= {link.name: self._kept(place, link) for link in links_of(cut) if self.gone.get(_target(link))}
            query = update(place).where(place.c.id.in_(select(listed.c.id)))
            self.connection.execute(query.values(values))

    def _kept(self, place: Table, link: Column[int]) -> ColumnElement[Any]:
        """A link as it was, or nothing when it leads to what goes."""
        gone = self.gone[_target(link)]
        own = place.c[link.name]
        kept: ColumnElement[Any] = case((own.in_(sorted(gone)), null()), else_=own)
        return kept

    def _tombstone(self, party: int) -> None:
        parties, versions = _TABLES["parties"], _TABLES["parties_versions"]
        values = {"status": "erased", "erased_at": now(), "merged_into_id": null()}
        last = select(parties.c.version).where(parties.c.id == party).scalar_subquery()
        self.connection.execute(
            update(versions).where(versions.c.id == party, versions.c.version == last).values(values)
        )
        self.connection.execute(update(parties).where(parties.c.id == party).values(values))

    @contextmanager
    def _listed(self, name: str, ids: Iterable[int]) -> Iterator[Table]:
        self.connection.ingest(f"erased_{name}", pa.table({"id": np.array(sorted(ids), np.int64)}))
        try:
            yield table(f"erased_{name}", column("id"))  # type: ignore[misc]  # as good as a Table for a SELECT
        finally:
            self.connection.execute(f"DROP TABLE erased_{name}")


_KEYS = ("customer_no", "lead_no", "source_key")


def is_personal(item: Column[Any]) -> bool:
    """Whether a column's data class says that it speaks of a person."""
    return item.info.get("data_class") in PERSONAL


def _nothing(item: Column[Any]) -> ColumnElement[Any]:
    """What an emptied column holds: null, or where that is not allowed a text that names nobody."""
    if item.nullable:
        return null()
    text: ColumnElement[Any] = literal("erased:").concat(cast(item.table.c.id, Text))
    return text


def versions_and(base: Table) -> list[Table]:
    """The tables in which a head's or fact's rows lie: that of its versions first, where it has one."""
    versions = _TABLES.get(f"{base.name}_versions")
    return [base] if versions is None else [versions, base]


def links_of(base: Table) -> list[Column[int]]:
    """The nullable columns that refer to rows of heads and facts by id."""
    return [item for item in base.columns if item.nullable and _target(item)]


def _target(item: Column[int]) -> str:
    return next((str(key.column.table.name) for key in item.foreign_keys if key.column.name == "id"), "")


@cache
def references(name: str) -> tuple[Column[int], ...]:
    """The columns of heads and facts that refer to a table's id."""
    kinds = {other for other, shape in shapes().items() if shape in ("head", "fact")}
    return tuple(
        item for other in ordered() if other in kinds for item in _TABLES[other].columns if _target(item) == name
    )


def is_needed(link: Column[int]) -> bool:
    """Whether a row is not one without this link: it must be given, or a rule of its table asks for it."""
    rules = [str(item.sqltext) for item in link.table.constraints if isinstance(item, CheckConstraint)]
    return not link.nullable or any(re.search(rf"\b{link.name}\b", rule) for rule in rules)


@contextmanager
def _unguarded(connection: Connection, names: set[str]) -> Iterator[None]:
    """Without the triggers that keep append-only tables as they are; they come back with the same transaction."""
    guarded = sorted(place.name for name in names for place in versions_and(_TABLES[name]))
    if connection.is_sqlite:
        master = table("sqlite_master", *[column(item, String) for item in ("type", "name", "tbl_name", "sql")])
        query = select(master.c.name, master.c.sql).where(
            and_(master.c.type == "trigger", master.c.tbl_name.in_(guarded))
        )
        found = connection.rows(query)
        for name, _ in found:
            connection.execute(f"DROP TRIGGER {name}")
        yield
        for _, text in found:
            connection.execute(str(text))
        return
    triggers, classes = (
        table("pg_trigger", column("tgrelid"), column("tgname", String)),
        table("pg_class", column("oid"), column("relname", String)),
    )
    joined = triggers.join(classes, triggers.c.tgrelid == classes.c.oid)
    query = select(classes.c.relname).select_from(joined).where(triggers.c.tgname == "append_only")
    guarded = [name for name in guarded if name in {str(row[0]) for row in connection.rows(query)}]
    for name in guarded:
        connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER append_only")
    yield
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was put off is checked before the tables change again
    for name in guarded:
        connection.execute(f"ALTER TABLE {name} ENABLE TRIGGER append_only")


def scrub(connection: Connection, names: Mapping[str, int]) -> None:
    """Leave nothing of what was deleted in the database's own files; outside a transaction."""
    if connection.is_sqlite:
        connection.execute("VACUUM")
        connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    for name in names:
        for place in versions_and(_TABLES[name]):
            connection.execute(f"VACUUM {place.name}")
