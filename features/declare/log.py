"""Logs: a records table seen from one entity, and the kinds of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from features.entity import Entity, declared
from features.errors import DeclarationError

Kind: TypeAlias = Literal["whole", "float", "money", "moment", "day", "flag", "text", "id"]
Rule: TypeAlias = Literal["fact", "state"]

BOOKKEEPING = {
    "id",
    "version",
    "public_id",
    "source_id",
    "source_key",
    "op",
    "occurred_at",
    "known_at",
    "seq",
    "owner_id",
    "team_id",
    "territory_id",
    "changed_by",
    "change_reason",
}
MONEY_SCALE = 10_000


@dataclass(frozen=True)
class LogColumn:
    """A value column of a log: its kind decides how it is stored, its data class who may see it."""

    name: str
    kind: Kind
    data_class: str
    unit: str

    @property
    def scale(self) -> int:
        """What stored whole numbers are divided by; 0 for those that only name something."""
        if self.kind in ("text", "id"):
            return 0
        return MONEY_SCALE if self.kind == "money" else 1


@dataclass(frozen=True, eq=False)
class Log:
    """A records table seen from one entity.

    Attributes
    ----------
    table : SQLAlchemy table
        The table that is read: a fact table, or the versions of a head.
    entity : Entity
    key : str
        The column that holds the entity's id; for a composite one, the code that is computed from its `keys`.
    at : str or None
        The moment column that says when a row happened; None is the row's own ``occurred_at``.
    rule : {'fact', 'state'}
        Whether a later version replaces the row with its id, or the value at its effective time.
    part : str or None
        For states: the column that, with entity and effective time, names the fact.
    """

    table: Any
    entity: Entity
    key: str
    at: str | None = None
    rule: Rule = "fact"
    part: str | None = None

    @cached_property
    def name(self) -> str:
        """``<table>.<entity>``, with ``.<moment>`` when rows happen at another column's moment."""
        name = f"{self.table.name}.{self.entity.name}"
        return f"{name}.{self.at}" if self.at else name

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the table that name the entity."""
        return self.entity.keys if self.entity.parts else (self.key,)

    @cached_property
    def columns(self) -> dict[str, LogColumn]:
        """Every column of the table that a feature may use."""
        found = {}
        for item in self.table.columns:
            if item.name in BOOKKEEPING or item.name == self.key or item.name.endswith("_version"):
                continue
            info = item.info
            found[item.name] = LogColumn(item.name, _kind(item), info.get("data_class", ""), info.get("unit", ""))
        return found

    @cached_property
    def standing(self) -> tuple[str, ...]:
        """The columns that are always kept: numbers, ids, moments and short business texts."""
        return tuple(
            name
            for name, item in self.columns.items()
            if item.kind != "text" or (item.data_class in ("public", "business") and self._is_short(name))
        )

    def _is_short(self, name: str) -> bool:
        return not name.endswith("_no") and str(self.table.columns[name].type) != "TEXT"

    def column(self, name: str) -> LogColumn:
        """One column by name.

        Raises
        ------
        DeclarationError
            If the table has no such column.
        """
        if name not in self.columns:
            raise DeclarationError(
                f"{self.table.name} has no column {name!r} for features; one of {', '.join(sorted(self.columns))} is "
                "expected; correct the name"
            )
        return self.columns[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Log) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Log({self.name})"


def _kind(item: Any) -> Kind:
    kind = type(item.type).__name__
    unit = item.info.get("unit", "")
    if kind == "BigInteger":
        if unit == "µs":
            return "moment"
        if unit == "money":
            return "money"
        return "id" if item.name.endswith("_id") else "whole"
    kinds: dict[str, Kind] = {"Double": "float", "Float": "float", "Boolean": "flag", "Date": "day"}
    return kinds.get(kind, "text")


def events_log(mapped: Any, entity: Entity, at: str | None) -> Log:
    """The log of things that happened; a head's rows happen at its column `at`."""
    table, entity = _table(mapped), declared(entity)
    if mapped.shape == "head":
        if at is None:
            raise DeclarationError(
                f"{table.name} holds states, not events; the moment column at which a row happens is expected; write "
                f"events({mapped.__name__}, entity={entity.name}, at=…), or states({mapped.__name__}, …)"
            )
        table = _versions(table)
    log = Log(table, entity, _key(table, entity), at)
    if at is not None and log.column(at).kind != "moment":
        raise DeclarationError(f"{table.name}.{at} is no moment; a column of moments is expected; choose another")
    return log


def states_log(mapped: Any, entity: Entity) -> Log:
    """The log of what something was, version by version."""
    table, entity = _table(mapped), declared(entity)
    if mapped.shape != "head":
        raise DeclarationError(
            f"{table.name} holds events, not states; a table with versions is expected; write "
            f"events({mapped.__name__}, entity={entity.name})"
        )
    table = _versions(table)
    return Log(table, entity, _key(table, entity), rule="state", part=None if _own(table, entity) else "id")


def _table(mapped: Any) -> Any:
    if not hasattr(mapped, "__table__"):
        raise DeclarationError(
            f"{mapped!r} is no table of the records; a class of crm.schema is expected; write events(OrderLine, …)"
        )
    return mapped.__table__


def _versions(table: Any) -> Any:
    return table.metadata.tables[f"{table.name}_versions"]


def _own(table: Any, entity: Entity) -> bool:
    return str(table.name).removesuffix("_versions") == entity.table


def _key(table: Any, entity: Entity) -> str:
    if _own(table, entity):
        return "id"
    missing = [key for key in entity.keys if key not in table.columns]
    if missing:
        raise DeclarationError(
            f"{table.name} has no column {missing[0]!r}; a table that names the {entity.name} is expected; "
            "choose another"
        )
    return entity.key
