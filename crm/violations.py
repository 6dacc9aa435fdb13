"""What would break a rule of the schema, found in sets before anything is written, and said in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Select,
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
from crm.shapes import Link, content, natural_key, shapes
from crm.statements import Target, number, temporary

_SHOWN = 5


def check_retractions(connection: Connection, target: Target) -> None:
    """Refuse to withdraw what the source never said; told facts may come after, if the row says all that is needed."""
    if "op" not in target.given or (target.keeps_moments and not _lacking(target)):
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


def _lacking(target: Target) -> set[str]:
    """The needed columns of a table that are not given."""
    needed = {column.name for column in content(target.table) if not column.nullable}
    told = {name for link in target.links for name in (link.id, link.version)}
    return needed - told - set(target.given)


def check_rows(connection: Connection, target: Target, source: str) -> None:
    """Refuse rows that refer to nothing, lack a value or break a check, and double values of unique columns.

    Raises
    ------
    RecordsError
        Naming the table, the row and the column or rule.
    """
    _Rows(connection, target, source).check()


class _Rows:
    """The rows that are about to be written to one table, in ``rows_<table>``."""

    def __init__(self, connection: Connection, target: Target, source: str) -> None:
        self._connection = connection
        self._target = target
        self._source = source
        table = target.table
        names = [column.name for column in table.columns]
        self._new = temporary("rows", table.name, ("n", "kind_", *names, *[link.key for link in target.links]))
        keys = natural_key(table.name) if shapes()[table.name] == "reference" else ("source_key",)
        self._label = next((key for key in reversed(keys) if not key.endswith("_id")), "n")

    def check(self) -> None:
        """Raise for the first thing that is wrong."""
        table, rules = self._target.table, self._rules()
        firsts = self._connection.rows(select(*[func.min(case((wrong, self._new.c.n))) for _, wrong in rules]))[0]
        for (rule, condition), first in zip(rules, firsts, strict=True):
            if first is not None:
                self._raise(rule, condition, int(first))
        for constraint in sorted(table.constraints, key=lambda item: str(item.name)):
            if isinstance(constraint, UniqueConstraint) and "source_key" not in constraint.columns:
                self._check_unique([column.name for column in constraint.columns], None)
            if isinstance(constraint, ForeignKeyConstraint):
                self._check_reference(constraint)
        for index in table.indexes:
            if index.unique:
                where = index.dialect_options[self._connection.dialect.name]["where"]
                self._check_unique([column.name for column in index.columns], where)

    def _rules(self) -> list[tuple[Any, ColumnElement[bool]]]:
        """Links, needed columns and checks, each with the condition under which a row breaks it."""
        table, new = self._target.table, self._new
        rules: list[tuple[Any, ColumnElement[bool]]] = [
            (link, and_(new.c[link.key].is_not(None), new.c[link.id].is_(None))) for link in self._target.links
        ]
        rules += [(column, new.c[column.name].is_(None)) for column in content(table) if not column.nullable]
        checks = sorted(
            (c for c in table.constraints if isinstance(c, CheckConstraint)), key=lambda item: str(item.name)
        )
        return rules + [(item, not_(literal_column(f"({item.sqltext})", Boolean))) for item in checks]

    def _raise(self, rule: Any, condition: ColumnElement[bool], first: int) -> None:
        name, row = self._target.table.name, self._row(first)
        if rule in self._target.links:
            self._raise_unresolved(rule, condition)
        if isinstance(rule, CheckConstraint):
            used = [column.name for column in self._target.table.columns if column.name in str(rule.sqltext)]
            found = select(*[self._new.c[item] for item in used]).where(self._new.c.n == number(first))
            shown = _pairs(used, self._connection.rows(found)[0])
            raise RecordsError(
                f"{name}: {row} breaks the rule {rule.name} with {shown}; ({rule.sqltext}) is expected; "
                "mend or leave out the row"
            )
        raise RecordsError(
            f"{name}: {row} has no {rule.name}; a value is expected; fill the column or leave out the row"
        )

    def _raise_unresolved(self, link: Link, condition: ColumnElement[bool]) -> None:
        name, missing = self._target.table.name, self._new.c[link.key]
        keys = select(missing).where(condition).group_by(missing).order_by(func.min(self._new.c.n)).limit(_SHOWN)
        found = self._connection.rows(keys)
        total = self._connection.rows(select(func.count()).select_from(self._new).where(condition))[0][0]
        target = link.target.name
        place = target if shapes()[target] == "reference" else f"{target} of the source {self._source!r}"
        raise RecordsError(
            f"{name}.{link.key} refers in {total} rows to {_quoted(found)}, which {place} does not have; "
            f"keys of {target} are expected; write those first or leave the rows out"
        )

    def _row(self, n: int) -> str:
        key = self._connection.rows(select(self._new.c[self._label]).where(self._new.c.n == number(n)))[0][0]
        return f"row {n + 1}" if self._label == "n" else f"row {n + 1} ({self._label} {key!r})"

    def _check_unique(self, columns: list[str], where: ColumnElement[bool] | None) -> None:
        new, stored = self._new, self._target.table
        rows: Select[Any] = select(new.c.n, new.c.id, *[new.c[name] for name in columns])
        rows = rows.where(*[new.c[name].is_not(None) for name in columns])
        old: Select[Any] = select(stored.c.id, *[stored.c[name] for name in columns])
        if where is not None:
            rows, old = [item.where(literal_column(f"({where})", Boolean)) for item in (rows, old)]
        mine, other, held = rows.subquery("mine"), rows.subquery("other"), old.subquery("held")
        in_write = and_(*[mine.c[name] == other.c[name] for name in columns], other.c.n < mine.c.n)
        in_store = and_(*[mine.c[name] == held.c[name] for name in columns], held.c.id != mine.c.id)
        for joined in (mine.join(other, in_write), mine.join(held, in_store)):
            shown = select(mine.c.n, *[mine.c[name] for name in columns]).select_from(joined).order_by(mine.c.n)
            found = self._connection.rows(shown.limit(1))
            if found:
                raise RecordsError(
                    f"{stored.name}: {self._row(found[0][0])} has {_pairs(columns, found[0][1:])}, "
                    "which another row has already; a value of its own is expected; mend or leave out the row"
                )

    def _check_reference(self, constraint: ForeignKeyConstraint) -> None:
        """Refuse ids and codes given directly that nothing stands behind; those found by key are sound."""
        names = [column.name for column in constraint.columns]
        found_by_key = {item for link in self._target.links for item in (link.id, link.version)}
        if not set(names) & (set(self._target.given) - found_by_key):
            return
        referred = constraint.referred_table
        mine = [self._new.c[name] for name in names]
        used = select(*mine).where(*[item.is_not(None) for item in mine]).distinct().subquery("used")
        theirs = [referred.c[element.column.name] for element in constraint.elements]
        same = and_(*[used.c[name] == item for name, item in zip(names, theirs, strict=True)])
        missing = select(*used.c).select_from(used.outerjoin(referred, same)).where(theirs[0].is_(None)).limit(1)
        found = self._connection.rows(missing)
        if found:
            raise RecordsError(
                f"{self._target.table.name} is given {_pairs(names, found[0])}, which {referred.name} does not hold; "
                f"a row of {referred.name} is expected; write that first or mend the rows"
            )


def _pairs(names: list[str], values: Sequence[Any]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in zip(names, values, strict=True))


def _quoted(found: list[tuple[Any, ...]]) -> str:
    return ", ".join(repr(row[0]) for row in found) + (" …" if len(found) == _SHOWN else "")
