"""Small lists of values: rows told apart by their natural key, put in or changed in place."""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import FromClause, Table, and_, func, insert, select, update

from crm.connections import Connection
from crm.counters import Counters
from crm.errors import RecordsError
from crm.schema import Base
from crm.shapes import keyed, links, natural_key, shapes
from crm.staging import stage
from crm.statements import number, temporary

_KEPT = ("audit_log", "counters")  # written only by their own modules


def upsert(connection: Connection, name: str, rows: pa.Table) -> None:
    """Put in or change rows of one reference table, in one transaction."""
    if shapes().get(name) != "reference" or name in _KEPT:
        known = ", ".join(sorted(item for item, shape in shapes().items() if shape == "reference" and item not in _KEPT))
        raise RecordsError(
            f"the table {name!r} is not a list of values; one of {known} is expected; records go through Records.write"
        )
    table = Base.metadata.tables[name]
    staged = stage(table, rows, clocked=False)
    keys = natural_key(name)
    given = [item.id if (item := links(name).get(column)) else column for column in staged.column_names if column != "n"]
    missing = [key for key in keys if key not in given]
    if missing:
        raise RecordsError(f"{name} is given without {missing[0]}; its rows are told apart by {', '.join(keys)}; add the column")
    with connection.transaction():
        counters = Counters(connection)
        _load(connection, table, staged)
        _check(connection, table, keys, given)
        _change(connection, table, keys, given)
        _insert(connection, table, keys, given, counters)
        connection.execute(f"DROP TABLE rows_{name}")
        counters.save()


def _load(connection: Connection, table: Table, staged: pa.Table) -> None:
    """Load the rows with their keys resolved to ids."""
    connection.ingest(f"stage_{table.name}", staged)
    given = temporary("stage", table.name, (*staged.column_names,))
    source: FromClause = given
    columns = []
    for name in staged.column_names:
        link = links(table.name).get(name)
        if link is None:
            columns.append(given.c[name])
            continue
        listed = keyed(link.target).alias(f"to_{link.name}")
        source = source.outerjoin(listed, listed.c.key == given.c[name])
        columns += [listed.c.id.label(link.id), given.c[name].label(name)]
    connection.create(f"rows_{table.name}", select(*columns).select_from(source))
    connection.execute(f"DROP TABLE stage_{table.name}")
    for name in staged.column_names:
        if name in links(table.name):
            _check_link(connection, table.name, name)


def _check_link(connection: Connection, name: str, key: str) -> None:
    link = links(name)[key]
    new = temporary("rows", name, (key, link.id))
    found = connection.rows(select(new.c[key]).where(new.c[key].is_not(None), new.c[link.id].is_(None)).limit(1))
    if found:
        raise RecordsError(
            f"{name}.{key} refers to {found[0][0]!r}, which {link.target.name} does not have; "
            f"a key of {link.target.name} is expected; write that first"
        )


def _check(connection: Connection, table: Table, keys: tuple[str, ...], given: list[str]) -> None:
    new = temporary("rows", table.name, ("n", *given))
    for column in given:
        if not table.c[column].nullable:
            found = connection.rows(select(func.min(new.c.n)).where(new.c[column].is_(None)))[0][0]
            if found is not None:
                raise RecordsError(f"{table.name}: row {found + 1} has no {column}; a value is expected; fill the column")
    if keys:
        same = [new.c[key] for key in keys]
        double = connection.rows(select(*same).group_by(*same).having(func.count() > 1).limit(1))
        if double:
            shown = ", ".join(f"{key} = {value!r}" for key, value in zip(keys, double[0], strict=True))
            raise RecordsError(f"{table.name} is given {shown} twice; each once is expected; keep one of the rows")


def _change(connection: Connection, table: Table, keys: tuple[str, ...], given: list[str]) -> None:
    changed = [column for column in given if column not in keys]
    if not keys or not changed:
        return
    new = temporary("rows", table.name, ("n", *given))
    same = [table.c[key] == new.c[key] for key in keys]
    connection.execute(update(table).values({column: new.c[column] for column in changed}).where(*same))


def _insert(
    connection: Connection, table: Table, keys: tuple[str, ...], given: list[str], counters: Counters
) -> None:
    new = temporary("rows", table.name, ("n", *given))
    source: FromClause = new
    condition = []
    if keys:
        source = new.outerjoin(table, and_(*[table.c[key] == new.c[key] for key in keys]))
        condition = [table.c[keys[0]].is_(None)]
    columns = [new.c[column] for column in given]
    names = list(given)
    if "id" in table.c:
        last = counters.last(table.name)
        columns.append((number(last) + func.row_number().over(order_by=new.c.n)).label("id"))
        names.append("id")
        added = connection.rows(select(func.count()).select_from(source).where(*condition))[0][0]
        counters.advance(table.name, last + added)
    connection.execute(insert(table).from_select(names, select(*columns).select_from(source).where(*condition)))
