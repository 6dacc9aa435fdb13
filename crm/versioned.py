"""Writing heads and facts: give each row its id, work out the new versions, check them, put them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import uuid_utils
from sqlalchemy import ColumnElement, Table, Text, cast, func, insert, literal, null, select, update

from crm.connections import Connection
from crm.counters import ARRIVAL
from crm.schema import Base
from crm.shapes import content
from crm.staging import Staged
from crm.statements import CORRECT, INSERT, RETRACT, Target, keys, rows, temporary
from crm.violations import check_retractions, check_rows
from crm.writing import Change, WriteCounts, Writing

_WHO = ("changed_by", "change_reason")


def load(writing: Writing, target: Target, staged: pa.Table) -> Target:
    """Load rows into ``keys_<table>``, each with its id, and say which columns were given."""
    name, connection = target.table.name, writing.connection
    if not target.is_fact:
        fresh = pa.array([str(uuid_utils.uuid7()) for _ in range(staged.num_rows)], pa.string())
        staged = staged.append_column("public_id", fresh)
    target = replace(target, given=(*staged.column_names,))
    connection.ingest(f"stage_{name}", staged)
    last = writing.counters.last(name)
    connection.create(f"keys_{name}", keys(target, last))
    connection.execute(f"DROP TABLE stage_{name}")
    known = temporary("keys", name, ("id", "current_id"))
    new = connection.rows(select(func.count() - func.count(known.c.current_id)).select_from(known))[0][0]
    writing.counters.advance(name, last + new)
    check_retractions(connection, target)
    return target


def index_awaited(connection: Connection, targets: Mapping[str, Target]) -> None:
    """Index the keys of tables to which rows refer that are written no later than they."""
    names = list(targets)
    awaited = {
        link.target.name
        for i, name in enumerate(names)
        for link in targets[name].links
        if link.target.name in names[i:]
    }
    for name in sorted(awaited):
        connection.execute(f"CREATE INDEX key_{name} ON keys_{name} (source_key)")


def write(writing: Writing, target: Target, staged: Staged, pending: frozenset[str]) -> WriteCounts:
    """Write loaded rows, and after them the later versions of the same keys, round by round."""
    counts = _write_round(writing, replace(target, pending=pending), staged.rounds[0].num_rows)
    for later in staged.rounds[1:]:
        writing.connection.execute(f"DROP TABLE keys_{target.table.name}")
        loaded = load(writing, replace(target, pending=pending - {target.table.name}), later)
        counts += _write_round(writing, loaded, later.num_rows)
    return counts


def _write_round(writing: Writing, target: Target, read: int) -> WriteCounts:
    name, connection = target.table.name, writing.connection
    last = writing.counters.last(ARRIVAL)
    connection.create(f"rows_{name}", rows(target, last))
    changed = temporary("rows", name, ("kind_",))
    found = {
        int(kind): int(n)
        for kind, n in connection.rows(select(changed.c.kind_, func.count()).group_by(changed.c.kind_))
    }
    if found:
        check_rows(connection, target, writing.change.source)
        writing.counters.advance(ARRIVAL, last + sum(found.values()))
        if target.is_fact:
            _append(connection, target.table, name)
        else:
            _append(connection, Base.metadata.tables[f"{name}_versions"], name, writing.change)
            _move_heads(connection, target.table, found)
    connection.execute(f"DROP TABLE rows_{name}")
    return WriteCounts(
        inserted=found.get(INSERT, 0),
        corrected=found.get(CORRECT, 0),
        retracted=found.get(RETRACT, 0),
        unchanged=read - sum(found.values()),
    )


def _append(connection: Connection, table: Table, name: str, change: Change | None = None) -> None:
    """Append versions to a fact, or to the versions of a head."""
    columns = [column.name for column in table.columns if column.name not in _WHO]
    new = temporary("rows", name, ("n", *columns))
    query = select(*[new.c[column] for column in columns]).order_by(new.c.n)
    if change is not None:
        query = query.add_columns(_text(change.actor), _text(change.reason))
        columns += _WHO
    connection.execute(insert(table).from_select(columns, query))


def _move_heads(connection: Connection, table: Table, found: Mapping[int, int]) -> None:
    columns = [column.name for column in table.columns]
    new = temporary("rows", table.name, ("n", "kind_", *columns))
    if found.get(INSERT):
        fresh = select(*[new.c[column] for column in columns]).where(new.c.kind_ == INSERT).order_by(new.c.n)
        connection.execute(insert(table).from_select(columns, fresh))
    if found.get(CORRECT) or found.get(RETRACT):
        moved = {name: new.c[name] for name in ("version", "op", "occurred_at", "known_at", "seq")}
        moved |= {item.name: new.c[item.name] for item in content(table)}
        connection.execute(update(table).values(moved).where(table.c.id == new.c.id, new.c.kind_ > INSERT))


def _text(value: str | None) -> ColumnElement[str]:
    return cast(literal(value.replace("\0", "")) if value is not None else null(), Text)
