"""The one door for writing records: many rows of many tables, one transaction, in sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import uuid_utils
from sqlalchemy import ColumnElement, Table, Text, cast, func, insert, literal, null, select, update

from crm import clock
from crm.connections import Connection
from crm.counters import ARRIVAL, Counters
from crm.errors import RecordsError
from crm.schema import Base
from crm.shapes import content, ordered, shapes
from crm.staging import stage
from crm.statements import CORRECT, INSERT, RETRACT, Target, keys, rows, temporary
from crm.violations import check_retractions, check_rows


@dataclass(frozen=True)
class WriteCounts:
    """What became of the rows of one table.

    Attributes
    ----------
    read, inserted, corrected, retracted, unchanged : int
        Rows handed in, and how many of them were new, changed, withdrawn, or as they stood.
    """

    read: int = 0
    inserted: int = 0
    corrected: int = 0
    retracted: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Change:
    """Who writes, when it became known and why.

    Attributes
    ----------
    source : str
        Name of a declared source.
    known_at : int or None
        Moment in µs for rows that give none; None is the present.
    actor, reason : str or None
        Kept with each version of a head.
    """

    source: str
    known_at: int | None = None
    actor: str | None = None
    reason: str | None = None


def write(connection: Connection, tables: Mapping[str, pa.Table], change: Change) -> dict[str, WriteCounts]:
    """Write rows of heads and facts in one transaction; see `Records.write`."""
    for name in tables:
        _writable(name)
    staged = {name: stage(_writable(name), tables[name], clocked=True) for name in ordered() if name in tables}
    counts = {name: WriteCounts(read=rows.num_rows) for name, rows in staged.items()}
    staged = {name: rows for name, rows in staged.items() if rows.num_rows}
    try:
        with connection.transaction():
            _apply(connection, staged, change, counts)
    except _Unchanged:
        pass
    return {name: counts[name] for name in tables}


class _Unchanged(Exception):  # noqa: N818 - a signal, not an error
    """Nothing was changed; the transaction has nothing to keep."""


def _apply(
    connection: Connection, staged: dict[str, pa.Table], change: Change, counts: dict[str, WriteCounts]
) -> None:
    now = clock.now()
    counters = Counters(connection)
    if not connection.is_sqlite:
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
    else:
        connection.rows("PRAGMA defer_foreign_keys=ON")
    source_id = find_source(connection, change.source)
    targets = {
        name: Target(_writable(name), (*rows.column_names,), source_id, change.known_at or now, now)
        for name, rows in staged.items()
    }
    for name, table in staged.items():
        targets[name] = _load(connection, targets[name], table, counters)
        check_retractions(connection, targets[name])
    pending = set(targets)
    for name in _awaited(targets):
        connection.execute(f"CREATE INDEX key_{name} ON keys_{name} (source_key)")
    for name, target in targets.items():
        counts[name] = _write_table(
            connection, replace(target, pending=frozenset(pending)), counters, change, counts[name]
        )
        pending.discard(name)
    if all(item.unchanged == item.read for item in counts.values()):
        raise _Unchanged
    counters.save()


def _load(connection: Connection, target: Target, staged: pa.Table, counters: Counters) -> Target:
    """Load the rows and give each its id."""
    name = target.table.name
    if not target.is_fact:
        names = pa.array([str(uuid_utils.uuid7()) for _ in range(staged.num_rows)], pa.string())
        staged = staged.append_column("public_id", names)
        target = replace(target, given=(*staged.column_names,))
    connection.ingest(f"stage_{name}", staged)
    if not connection.is_sqlite:
        connection.execute(f"ANALYZE stage_{name}")
    last = counters.last(name)
    connection.create(f"keys_{name}", keys(target, last))
    connection.execute(f"DROP TABLE stage_{name}")
    known = temporary("keys", name, ("id", "current_id"))
    new = connection.rows(select(func.count() - func.count(known.c.current_id)).select_from(known))[0][0]
    counters.advance(name, last + new)
    return target


def _awaited(targets: Mapping[str, Target]) -> list[str]:
    """The tables to which rows refer that are written no later than they."""
    names = list(targets)
    found = {
        link.target.name for i, name in enumerate(names) for link in targets[name].links if link.target.name in names[i:]
    }
    return sorted(found)


def _write_table(
    connection: Connection, target: Target, counters: Counters, change: Change, counts: WriteCounts
) -> WriteCounts:
    name = target.table.name
    last = counters.last(ARRIVAL)
    connection.create(f"rows_{name}", rows(target, last))
    check_rows(connection, target, change.source)
    changed = temporary("rows", name, ("change",))
    found = dict(connection.rows(select(changed.c.change, func.count()).group_by(changed.c.change)))
    counters.advance(ARRIVAL, last + sum(found.values()))
    if target.is_fact:
        _append(connection, target.table, name)
    elif found:
        _append(connection, Base.metadata.tables[f"{name}_versions"], name, change)
        _move_heads(connection, target.table, found)
    connection.execute(f"DROP TABLE rows_{name}")
    return replace(
        counts,
        inserted=found.get(INSERT, 0),
        corrected=found.get(CORRECT, 0),
        retracted=found.get(RETRACT, 0),
        unchanged=counts.read - sum(found.values()),
    )


def _append(connection: Connection, table: Table, name: str, change: Change | None = None) -> None:
    """Append versions to a fact, or to the versions of a head."""
    columns = [column.name for column in table.columns if column.name not in ("changed_by", "change_reason")]
    new = temporary("rows", name, ("n", *columns))
    query = select(*[new.c[column] for column in columns]).order_by(new.c.n)
    if change is not None:
        query = query.add_columns(_text(change.actor), _text(change.reason))
        columns += ["changed_by", "change_reason"]
    connection.execute(insert(table).from_select(columns, query))


def _move_heads(connection: Connection, table: Table, found: Mapping[int, int]) -> None:
    columns = [column.name for column in table.columns]
    new = temporary("rows", table.name, ("n", "change", *columns))
    if found.get(INSERT):
        fresh = select(*[new.c[column] for column in columns]).where(new.c.change == INSERT).order_by(new.c.n)
        connection.execute(insert(table).from_select(columns, fresh))
    if found.get(CORRECT) or found.get(RETRACT):
        moved = {name: new.c[name] for name in ("version", "op", "occurred_at", "known_at", "seq")}
        moved |= {item.name: new.c[item.name] for item in content(table)}
        connection.execute(update(table).values(moved).where(table.c.id == new.c.id, new.c.change > INSERT))


def _text(value: str | None) -> ColumnElement[str]:
    return cast(literal(value.replace("\0", "")) if value is not None else null(), Text)


def _writable(name: str) -> Table:
    if shapes().get(name) not in ("head", "fact"):
        known = ", ".join(item for item in ordered() if shapes()[item] in ("head", "fact"))
        raise RecordsError(
            f"the table {name!r} cannot be written; one of {known} is expected; lists go through Records.reference"
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
        raise RecordsError(f"the source {name!r} is unknown; declared are {known}; declare it with Records.declare_source")
    return int(found[name])
