"""The one door for writing records: many rows of many tables, one transaction, in sets."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from sqlalchemy import Table, select

from crm import clock, merges, references, versioned
from crm.connections import Connection
from crm.counters import Counters
from crm.errors import RecordsError
from crm.schema import Base
from crm.shapes import ordered, shapes
from crm.staging import Staged, stage
from crm.statements import Target
from crm.writing import Change, WriteCounts, Writing

_OWN_DOOR = ("audit_log", "counters")


def write(connection: Connection, tables: Mapping[str, pa.Table], change: Change) -> dict[str, WriteCounts]:
    """Write rows in one transaction; see `Records.write`."""
    for name in tables:
        _writable(name)
    staged = {
        name: stage(Base.metadata.tables[name], tables[name], default_known=change.known_at)
        for name in ordered()
        if name in tables
    }
    counts = {name: WriteCounts(read=tables[name].num_rows) for name in staged}
    staged = {name: rows for name, rows in staged.items() if counts[name].read}
    try:
        with connection.transaction():
            _apply(connection, staged, change, counts)
    except _Unchanged:
        pass
    return {name: counts[name] for name in tables}


class _Unchanged(Exception):  # noqa: N818 - a signal, not an error
    """Nothing was changed; the transaction has nothing to keep."""


def _apply(connection: Connection, staged: dict[str, Staged], change: Change, counts: dict[str, WriteCounts]) -> None:
    counters = Counters(connection)
    connection.defer_foreign_keys()
    writing = Writing(connection, counters, change, clock.now())
    if "sources" in staged:
        counts["sources"] += references.upsert(writing, "sources", staged.pop("sources").rounds[0], None)
    source_id = find_source(connection, change.source)
    targets: dict[str, Target] = {}
    for name, rows in staged.items():
        if shapes()[name] != "reference":
            known = change.known_at or writing.now
            target = Target(Base.metadata.tables[name], source_id, known, writing.now, is_told=change.is_told)
            targets[name] = versioned.load(writing, target, rows.rounds[0])
    versioned.index_awaited(connection, targets)
    pending = set(targets)
    for name, rows in staged.items():
        if name in targets:
            counts[name] += versioned.write(writing, targets[name], rows, frozenset(pending))
            pending.discard(name)
        else:
            counts[name] += references.upsert(writing, name, rows.rounds[0], source_id)
    if "parties" in targets:
        merges.refuse_circles(connection)
    if change.closing is not None:
        change.closing(writing, source_id, counts)
    elif all(item.unchanged == item.read for item in counts.values()):
        raise _Unchanged
    counters.save()


def _writable(name: str) -> Table:
    if shapes().get(name) in (None, "versions") or name in _OWN_DOOR:
        known = ", ".join(item for item in ordered() if shapes()[item] != "versions" and item not in _OWN_DOOR)
        raise RecordsError(
            f"the table {name!r} cannot be written; the tables for writing are {known}; name one of them"
        )
    return Base.metadata.tables[name]


def find_source(connection: Connection, name: str) -> int:
    """The id of a declared source.

    Raises
    ------
    RecordsError
        If no source has that name.
    """
    source = Base.metadata.tables["sources"]
    found = dict(connection.rows(select(source.c.name, source.c.id)))
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise RecordsError(
            f"the source {name!r} is unknown; declared are {known}; declare it with Records.declare_source"
        )
    return int(found[name])
