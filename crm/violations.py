"""What would break a rule of the schema, found in sets before anything is written, and said in one sentence."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Select,
    TableClause,
    UniqueConstraint,
    and_,
    case,
    func,
    literal_column,
    not_,
    select,
)

from crm.connections import Connection
from crm.errors import RecordsError
from crm.shapes import content, shapes
from crm.statements import Target, number, temporary

_SHOWN = 5


def check_retractions(connection: Connection, target: Target) -> None:
    """Refuse to withdraw what the source never said."""
    if "op" not in target.given:
        return
    name = target.table.name
    given = temporary("keys", name, ("n", "source_key", "op", "current_id"))
    wrong = and_(given.c.op == "retract", given.c.current_id.is_(None))
    found = connection.rows(select(given.c.source_key).where(wrong).order_by(given.c.n).limit(_SHOWN))
    if found:
        raise RecordsError(
            f"{name} has no {_quoted(found)} of this source to retract; a source_key written before is expected; "
            "leave the rows out"
        )


def check_rows(connection: Connection, target: Target, source: str) -> None:
    """Refuse rows that refer to nothing, lack a value or break a check, and double values of unique columns.

    Raises
    ------
    RecordsError
        Naming the table, the row and the column or rule.
    """
    new = _new(target)
    rules = _rules(target, new)
    counted = [func.min(case((condition, new.c.n))) for _, condition in rules]
    firsts = connection.rows(select(*counted))[0] if rules else ()
    for (rule, condition), first in zip(rules, firsts, strict=True):
        if first is not None:
            _raise(connection, target, new, source, rule, condition, int(first))
    for constraint in target.table.constraints:
        if isinstance(constraint, UniqueConstraint) and "source_key" not in constraint.columns:
            _check_unique(connection, target, new, [column.name for column in constraint.columns], None)
        if isinstance(constraint, ForeignKeyConstraint):
            _check_reference(connection, target, new, constraint)
    for index in target.table.indexes:
        if index.unique:
            where = index.dialect_options[connection.dialect.name]["where"]
            _check_unique(connection, target, new, [column.name for column in index.columns], where)


def _new(target: Target) -> TableClause:
    names = [column.name for column in target.table.columns]
    return temporary("rows", target.table.name, ("n", "kind_", *names, *[link.key for link in target.links]))


def _rules(target: Target, new: TableClause) -> list[tuple[Any, ColumnElement[bool]]]:
    """Links, needed columns and checks, each with the condition under which a row breaks it."""
    rules: list[tuple[Any, ColumnElement[bool]]] = [
        (link, and_(new.c[link.key].is_not(None), new.c[link.id].is_(None))) for link in target.links
    ]
    rules += [(column, new.c[column.name].is_(None)) for column in content(target.table) if not column.nullable]
    checks = [item for item in target.table.constraints if isinstance(item, CheckConstraint)]
    rules += [
        (item, not_(literal_column(f"({item.sqltext})", Boolean)))
        for item in sorted(checks, key=lambda item: str(item.name))
    ]
    return rules


def _raise(
    connection: Connection,
    target: Target,
    new: TableClause,
    source: str,
    rule: Any,
    condition: ColumnElement[bool],
    first: int,
) -> None:
    name = target.table.name
    if rule in target.links:
        missing = new.c[rule.key]
        found = connection.rows(
            select(missing).where(condition).group_by(missing).order_by(func.min(new.c.n)).limit(_SHOWN)
        )
        total = connection.rows(select(func.count()).select_from(new).where(condition))[0][0]
        raise RecordsError(
            f"{name}.{rule.key} refers in {total} rows to {_quoted(found)}, which {_where(rule.target.name, source)} "
            f"does not have; keys of {rule.target.name} are expected; write those first or leave the rows out"
        )
    key = connection.rows(select(new.c.source_key).where(new.c.n == number(first)))[0][0]
    row = f"row {first + 1} (source_key {key!r})"
    if isinstance(rule, CheckConstraint):
        used = [column.name for column in target.table.columns if column.name in str(rule.sqltext)]
        values = connection.rows(select(*[new.c[item] for item in used]).where(new.c.n == number(first)))[0]
        shown = ", ".join(f"{item} = {value!r}" for item, value in zip(used, values, strict=True))
        raise RecordsError(
            f"{name}: {row} breaks the rule {rule.name} with {shown}; ({rule.sqltext}) is expected; "
            "mend or leave out the row"
        )
    raise RecordsError(f"{name}: {row} has no {rule.name}; a value is expected; fill the column or leave out the row")


def _check_unique(
    connection: Connection, target: Target, new: TableClause, columns: list[str], where: ColumnElement[bool] | None
) -> None:
    stored = target.table
    rows: Select[Any] = select(new.c.n, new.c.source_key, new.c.id, *[new.c[name] for name in columns])
    rows = rows.where(*[new.c[name].is_not(None) for name in columns])
    old: Select[Any] = select(stored.c.id, *[stored.c[name] for name in columns])
    if where is not None:
        rows, old = rows.where(literal_column(f"({where})", Boolean)), old.where(literal_column(f"({where})", Boolean))
    mine, other, held = rows.subquery("mine"), rows.subquery("other"), old.subquery("held")
    in_write = and_(*[mine.c[name] == other.c[name] for name in columns], other.c.n < mine.c.n)
    in_store = and_(*[mine.c[name] == held.c[name] for name in columns], held.c.id != mine.c.id)
    shown = [mine.c.n, mine.c.source_key, *[mine.c[name] for name in columns]]
    for joined in (mine.join(other, in_write), mine.join(held, in_store)):
        found = connection.rows(select(*shown).select_from(joined).order_by(mine.c.n).limit(1))
        if found:
            n, key, *values = found[0]
            value = ", ".join(f"{name} = {item!r}" for name, item in zip(columns, values, strict=True))
            raise RecordsError(
                f"{target.table.name}: row {n + 1} (source_key {key!r}) has {value}, which another row has already; "
                "a value of its own is expected; mend or leave out the row"
            )


def _check_reference(
    connection: Connection, target: Target, new: TableClause, constraint: ForeignKeyConstraint
) -> None:
    """Refuse ids and codes given directly that nothing stands behind; those found by key are sound."""
    names = [column.name for column in constraint.columns]
    linked = {item for link in target.links for item in (link.id, link.version)}
    if not set(names) & (set(target.given) - linked):
        return
    referred = constraint.referred_table
    pairs = [
        (new.c[name], referred.c[element.column.name]) for name, element in zip(names, constraint.elements, strict=True)
    ]
    distinct = (
        select(*[mine for mine, _ in pairs])
        .where(*[mine.is_not(None) for mine, _ in pairs])
        .distinct()
        .subquery("used")
    )
    joined = distinct.outerjoin(referred, and_(*[distinct.c[mine.name] == theirs for mine, theirs in pairs]))
    missing = select(*distinct.c).select_from(joined).where(pairs[0][1].is_(None)).limit(_SHOWN)
    found = connection.rows(missing)
    if found:
        values = ", ".join(f"{name} = {value!r}" for name, value in zip(names, found[0], strict=True))
        raise RecordsError(
            f"{target.table.name} is given {values}, which {referred.name} does not hold; "
            f"a row of {referred.name} is expected; write that first or mend the rows"
        )


def _where(table: str, source: str) -> str:
    return table if shapes()[table] == "reference" else f"{table} of the source {source!r}"


def _quoted(found: list[tuple[Any, ...]]) -> str:
    return ", ".join(repr(row[0]) for row in found) + (" …" if len(found) == _SHOWN else "")
