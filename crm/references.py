"""Small lists of values: rows told apart by their natural key, put in or changed in place."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, FromClause, Table, TableClause, and_, func, insert, or_, select, update

from crm.connections import Connection
from crm.errors import RecordsError
from crm.schema import Base
from crm.shapes import links, listed, natural_key, shapes
from crm.statements import number, stored, temporary
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
    table, keys, connection = Base.metadata.tables[name], natural_key(name), writing.connection
    columns = [column for column in staged.column_names if column != "n"]
    given = [links(name)[column].id if column in links(name) else column for column in columns]
    missing = [key for key in keys if key not in given]
    if missing:
        raise RecordsError(
            f"{name} is given without {missing[0]}; its rows are told apart by {', '.join(keys)}; add the column"
        )
    _load(connection, table, staged, source_id)
    new = temporary("rows", name, ("n", *given))
    _check(connection, new, table, keys, given)
    changed = _change(connection, new, table, keys, given)
    added = _insert(writing, new, table, keys, given)
    connection.execute(f"DROP TABLE rows_{name}")
    rows = staged.num_rows
    return WriteCounts(read=rows, inserted=added, corrected=changed, unchanged=rows - added - changed)


def _load(connection: Connection, table: Table, staged: pa.Table, source_id: int | None) -> None:
    """Load the rows with their keys resolved to ids."""
    name = table.name
    connection.ingest(f"stage_{name}", staged)
    given = temporary("stage", name, (*staged.column_names,))
    source: FromClause = given
    columns = []
    for column in staged.column_names:
        link = links(name).get(column)
        if link is None:
            columns.append(given.c[column])
            continue
        if shapes()[link.target.name] == "reference":
            found: FromClause = listed(link.target).alias(f"to_{link.name}")
            condition = found.c.key == given.c[column]
        else:
            found, condition = stored(link.target, source_id or 0, given.c[column], f"to_{link.name}")
        source = source.outerjoin(found, condition)
        columns += [found.c.id.label(link.id), given.c[column].label(column)]
    connection.create(f"rows_{name}", select(*columns).select_from(source))
    connection.execute(f"DROP TABLE stage_{name}")
    for key in staged.column_names:
        if key in links(name):
            _check_link(connection, name, key)


def _check_link(connection: Connection, name: str, key: str) -> None:
    link = links(name)[key]
    new = temporary("rows", name, (key, link.id))
    found = connection.rows(select(new.c[key]).where(new.c[key].is_not(None), new.c[link.id].is_(None)).limit(1))
    if found:
        raise RecordsError(
            f"{name}.{key} refers to {found[0][0]!r}, which {link.target.name} does not have; "
            f"a key of {link.target.name} is expected; write that first"
        )


def _check(connection: Connection, new: TableClause, table: Table, keys: tuple[str, ...], given: list[str]) -> None:
    for column in given:
        if not table.c[column].nullable:
            found = connection.rows(select(func.min(new.c.n)).where(new.c[column].is_(None)))[0][0]
            if found is not None:
                raise RecordsError(
                    f"{table.name}: row {found + 1} has no {column}; a value is expected; fill the column"
                )
    if keys:
        same = [new.c[key] for key in keys]
        double = connection.rows(select(*same).group_by(*same).having(func.count() > 1).limit(1))
        if double:
            shown = ", ".join(f"{key} = {value!r}" for key, value in zip(keys, double[0], strict=True))
            raise RecordsError(f"{table.name} is given {shown} twice; each once is expected; keep one of the rows")


def _change(connection: Connection, new: TableClause, table: Table, keys: tuple[str, ...], given: list[str]) -> int:
    """Change the rows that are there and differ; how many."""
    columns = [column for column in given if column not in keys]
    if not keys or not columns:
        return 0
    same = and_(*[table.c[key] == new.c[key] for key in keys])
    differs = or_(*[table.c[column].is_distinct_from(new.c[column]) for column in columns])
    changed = int(connection.rows(select(func.count()).select_from(new.join(table, same)).where(differs))[0][0])
    if changed:
        connection.execute(update(table).values({column: new.c[column] for column in columns}).where(same, differs))
    return changed


def _insert(writing: Writing, new: TableClause, table: Table, keys: tuple[str, ...], given: list[str]) -> int:
    """Put in the rows that are not there; how many."""
    source: FromClause = new
    condition = []
    if keys:
        source = new.outerjoin(table, and_(*[table.c[key] == new.c[key] for key in keys]))
        condition = [table.c[keys[0]].is_(None)]
    added = int(writing.connection.rows(select(func.count()).select_from(source).where(*condition))[0][0])
    if not added:
        return 0
    columns: list[ColumnElement[Any]] = [new.c[column] for column in given]
    names = list(given)
    if "id" in table.c:
        last = writing.counters.last(table.name)
        columns.append((number(last) + func.row_number().over(order_by=new.c.n)).label("id"))
        names.append("id")
        writing.counters.advance(table.name, last + added)
    writing.connection.execute(insert(table).from_select(names, select(*columns).select_from(source).where(*condition)))
    return added
