"""Small lists of values: rows told apart by their natural key, put in or changed in place."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    case,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from crm.connections import Connection
from crm.errors import RecordsError
from crm.schema import Base
from crm.shapes import links, listed, natural_key, shapes
from crm.statements import CORRECT, INSERT, Target, number, stored, temporary
from crm.violations import check_rows
from crm.writing import WriteCounts, Writing


def upsert(writing: Writing, name: str, staged: pa.Table, source_id: int | None) -> WriteCounts:
    """Put in or change rows of one list, within a transaction.

    Parameters
    ----------
    writing : Writing
    name : str
        A reference table.
    staged : pa.Table
        Rows as `stage` makes them; ``<name>_key`` columns refer to other lists, or to heads of the source.
    source_id : int or None
        The source whose keys are meant.
    """
    table, connection = Base.metadata.tables[name], writing.connection
    target = Target(table, source_id or 0, 0, 0, given=(*staged.column_names,))
    columns = [links(name)[column].id if column in links(name) else column for column in target.given]
    missing = [key for key in natural_key(name) if key not in columns]
    if missing:
        keys = ", ".join(natural_key(name))
        raise RecordsError(f"{name} is given without {missing[0]}; its rows are told apart by {keys}; add the column")
    _load(connection, target, staged)
    _check_keys(connection, table)
    last = writing.counters.last(name)
    connection.create(f"rows_{name}", _rows(target, last))
    check_rows(connection, target, writing.change.source)
    added, changed = _write(connection, table)
    if "id" in table.c:
        writing.counters.advance(name, last + added)
    for kind in ("keys", "rows"):
        connection.execute(f"DROP TABLE {kind}_{name}")
    rows = staged.num_rows
    return WriteCounts(inserted=added, corrected=changed, unchanged=rows - added - changed)


def _load(connection: Connection, target: Target, staged: pa.Table) -> None:
    """Load the rows into ``keys_<table>``, with what their keys refer to."""
    name = target.table.name
    connection.ingest(f"stage_{name}", staged)
    given = temporary("stage", name, target.given)
    source: FromClause = given
    columns: list[ColumnElement[Any]] = [*given.c]
    for link in target.links:
        if shapes()[link.target.name] == "reference":
            found: FromClause = listed(link.target).alias(f"to_{link.name}")
            condition = found.c.key == given.c[link.key]
        else:
            found, condition = stored(link.target, target.source_id, given.c[link.key], f"to_{link.name}")
        source = source.outerjoin(found, condition)
        columns.append(found.c.id.label(link.id))
    connection.create(f"keys_{name}", select(*columns).select_from(source))
    connection.execute(f"DROP TABLE stage_{name}")


def _check_keys(connection: Connection, table: Table) -> None:
    keys = natural_key(table.name)
    if not keys:
        return
    same = list(temporary("keys", table.name, keys).c)
    given = select(*same).where(*[item.is_not(None) for item in same])
    double = connection.rows(given.group_by(*same).having(func.count() > 1).limit(1))
    if double:
        shown = ", ".join(f"{key} = {value!r}" for key, value in zip(keys, double[0], strict=True))
        raise RecordsError(f"{table.name} is given {shown} twice; each once is expected; keep one of the rows")


def _rows(target: Target, last_id: int) -> Select[Any]:
    """The rows that are new or differ, complete: what is not given stays as it stands."""
    table, keys = target.table, natural_key(target.table.name)
    given_ids = [link.id for link in target.links]
    given = temporary("keys", table.name, (*target.given, *given_ids))
    current = table.alias("current")
    same = and_(*[current.c[key] == given.c[key] for key in keys]) if keys else literal_column("1 = 0")
    is_new = current.c[keys[0] if keys else "id"].is_(None)
    others = [column.name for column in table.columns if column.name != "id"]
    values = {name: given.c[name] if name in given.c else current.c[name] for name in others}
    differs = or_(*[values[name].is_distinct_from(current.c[name]) for name in others])
    change = case((is_new, number(INSERT)), (differs, number(CORRECT)), else_=number(0))
    columns = [values[name].label(name) for name in others]
    if "id" in table.c:
        order = func.sum(case((is_new, number(1)), else_=number(0))).over(order_by=given.c.n)
        columns.append(case((is_new, number(last_id) + order), else_=current.c.id).label("id"))
    every = (
        select(given.c.n, change.label("kind_"), *columns, *[given.c[link.key] for link in target.links])
        .select_from(given.outerjoin(current, same))
        .subquery("every")
    )
    return select(every).where(every.c.kind_ != number(0))


def _write(connection: Connection, table: Table) -> tuple[int, int]:
    """Put in what is new and change what differs; how many of each."""
    columns = [column.name for column in table.columns]
    new = temporary("rows", table.name, ("n", "kind_", *columns))
    found = {int(kind): int(n) for kind, n in connection.rows(select(new.c.kind_, func.count()).group_by(new.c.kind_))}
    if found.get(INSERT):
        fresh = select(*[new.c[column] for column in columns]).where(new.c.kind_ == number(INSERT)).order_by(new.c.n)
        connection.execute(insert(table).from_select(columns, fresh))
    if found.get(CORRECT):
        keys = natural_key(table.name)
        moved = {column: new.c[column] for column in columns if column not in keys}
        same = [table.c[key] == new.c[key] for key in keys]
        connection.execute(update(table).values(moved).where(*same, new.c.kind_ == number(CORRECT)))
    return found.get(INSERT, 0), found.get(CORRECT, 0)
