"""What each of our tables expects of an import, derived from the schema: columns, references, rules, numbers.

Nothing is listed per table that the schema already says: kinds follow from types and units, required
columns from nullability, references from foreign keys, rules from check and unique constraints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from crm.schema import Base
from crm.schema.base import TEXT_LIMIT

Kind: TypeAlias = Literal["text", "moment", "money", "whole", "number", "flag", "day"]
ENTITIES = {
    "customers": "customer",
    "leads": "lead",
    "opportunities": "opportunity",
    "products": "product",
    "companies": "company",
}
ATTRIBUTED = tuple(ENTITIES)
LABELLED = ("customers", "leads", "opportunities")
BEARERS = ("customers", "companies", "leads", "contacts")  # their rows bring a party along
OWN = {"id", "version", "public_id", "seq", "source_id"}  # written by the records themselves
_NOT_IMPORTED = {
    "sources", "import_runs", "counters", "audit_log", "attribute_definitions", "attribute_values", "scores",
    "recommendations", "segments", "segment_memberships", "fx_rates",
}  # fmt: skip
DEFAULTS: dict[tuple[str, str], str] = {
    ("products", "status"): "'active'",
    ("order_lines", "returned_qty"): "0.0",
    ("users", "active"): "true",
    ("close_reasons", "active"): "true",
    ("contacts", "is_primary"): "false",
    ("parties", "status"): "'active'",
}

INHERITED: dict[tuple[str, str], tuple[str, str]] = {("order_lines", "customer_key"): ("orders", "order_key")}
"""Keys that a row which gives none has from the row that it belongs to: whose row, and by which column."""


@dataclass(frozen=True)
class Reference:
    """Where a column of an import points to.

    Attributes
    ----------
    table : str
    kind : str
        ``key``: a row's source_key; ``natural``: the natural key of a list; ``code``: the list's own key column.
    id_column : str
        The column of ours that it fills.
    """

    table: str
    kind: Literal["key", "natural", "code"]
    id_column: str


@dataclass(frozen=True)
class Expected:
    """One column that an import may give.

    Attributes
    ----------
    name : str
    kind : Kind
    limit : int
        Most characters of a text.
    is_required : bool
    refers : Reference or None
    """

    name: str
    kind: Kind
    limit: int = TEXT_LIMIT
    is_required: bool = False
    refers: Reference | None = None


@dataclass(frozen=True)
class Target:
    """One table of ours, as an import sees it.

    Attributes
    ----------
    name : str
    shape : str
        ``head``, ``fact`` or ``reference``.
    columns : dict of str to Expected
    checks : dict of str to str
        SQL of each check constraint by its name.
    uniques : tuple of tuple of str
        Names of import columns whose values together occur once.
    number : str or None
        The column by which people ask for a row (``customer_no``).
    natural : tuple of str
        The import columns that make a list's natural key.
    """

    name: str
    shape: str
    columns: dict[str, Expected]
    checks: dict[str, str]
    uniques: tuple[tuple[str, ...], ...]
    number: str | None
    natural: tuple[str, ...]


def kind_of(column: Column[Any]) -> Kind:
    """The kind of a column by its type and unit."""
    unit = column.info.get("unit", "")
    if isinstance(column.type, BigInteger):
        return "moment" if unit == "µs" else "money" if unit == "money" else "whole"
    kinds: tuple[tuple[Any, Kind], ...] = ((Boolean, "flag"), (Date, "day"), (Double, "number"), (String, "text"))
    return next(kind for type_, kind in kinds if isinstance(column.type, type_))


def expected(column: Column[Any], *, is_required: bool | None = None) -> Expected:
    """What an import may give for a plain column of ours."""
    is_text = isinstance(column.type, String) and not isinstance(column.type, Text)
    limit = (column.type.length if is_text and isinstance(column.type, String) else None) or TEXT_LIMIT
    required = not column.nullable if is_required is None else is_required
    return Expected(column.name, kind_of(column), limit, required)


def _references(table: Table) -> dict[str, Reference]:
    """For each foreign-key column of a table, what it refers to and how an import says so."""
    found: dict[str, Reference] = {}
    for constraint in table.foreign_key_constraints:
        target = constraint.referred_table
        names = [column.name for column in constraint.columns]
        if len(names) == 1 and names[0] != "source_id":
            to = next(iter(constraint.elements)).column.name
            kind: Literal["key", "natural", "code"] = (
                "code" if to != "id" else "key" if "source_key" in target.columns else "natural"
            )
            found[names[0]] = Reference(target.name, kind, names[0])
        elif len(names) == 2 and names[1].endswith("_version"):
            found[names[0]] = Reference(target.name, "key", names[0])
            found[names[1]] = found[names[0]]
    return found


def input_name(column: str, references: dict[str, Reference]) -> str | None:
    """The name under which an import gives a column of ours; None: not at all."""
    if column in OWN:
        return None
    reference = references.get(column)
    if reference is None or reference.kind == "code":
        return column
    return None if column.endswith("_version") else column.removesuffix("_id") + "_key"


def _uniques(table: Table, references: dict[str, Reference]) -> tuple[tuple[str, ...], ...]:
    found = []
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            names = [column.name for column in constraint.columns if column.name != "version"]
            given = [input_name(name, references) for name in names]
            if "source_id" not in names and None not in given:
                found.append(tuple(str(name) for name in given))
    return tuple(sorted(found))


def _natural(table: Table, references: dict[str, Reference]) -> tuple[str, ...]:
    if "source_key" in table.columns:
        return ()
    for constraint in sorted(
        (c for c in table.constraints if isinstance(c, UniqueConstraint)), key=lambda c: str(c.name)
    ):
        names = [column.name for column in constraint.columns]
        if "ordinal" not in names:
            return tuple(input_name(name, references) or name for name in names)
    return tuple(column.name for column in table.primary_key.columns)


def _target(table: Table) -> Target:
    references = _references(table)
    columns: dict[str, Expected] = {}
    for column in table.columns:
        name = input_name(column.name, references)
        if name is None:
            continue
        plain = expected(column)
        reference = references.get(column.name)
        kind: Kind = "text" if reference else plain.kind
        limit = 200 if reference else plain.limit
        columns[name] = Expected(name, kind, limit, plain.is_required, reference)
    checks = {
        str(item.name).removeprefix(f"ck_{table.name}_"): str(item.sqltext)
        for item in table.constraints
        if isinstance(item, CheckConstraint)
    }
    number = next(
        (c.name for c in table.columns if c.name.endswith("_no") and isinstance(c.type, String) and not c.nullable),
        None,
    )
    shape = (
        "reference"
        if "source_key" not in table.columns
        else "fact"
        if "version" in table.primary_key.columns
        else "head"
    )
    return Target(table.name, shape, columns, checks, _uniques(table, references), number, _natural(table, references))


def _importable() -> dict[str, Target]:
    tables = [table for table in Base.metadata.tables.values() if table.info.get("kind") != "versions"]
    return {table.name: _target(table) for table in sorted(tables, key=str) if table.name not in _NOT_IMPORTED}


TARGETS = _importable()
PARTY = {
    name: expected(Base.metadata.tables["parties"].columns[name]) for name in ("display_name", "locale", "timezone")
}
PERSON = {
    name: expected(Base.metadata.tables["persons"].columns[name])
    for name in ("given_name", "family_name", "title", "birth_on", "sex", "language")
}


def composite_parents(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """Lists that a table refers to by several columns: the list, and the import columns that make its natural key."""
    table = Base.metadata.tables[name]
    found = []
    for constraint in table.foreign_key_constraints:
        names = [column.name for column in constraint.columns]
        if isinstance(constraint, ForeignKeyConstraint) and len(names) > 1 and not names[1].endswith("_version"):
            references = _references(table)
            found.append(
                (constraint.referred_table.name, tuple(input_name(item, references) or item for item in names))
            )
    return found
