"""What the records hold already, brought beside the rows of a run when a check needs it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, FromClause, String, cast, func, literal_column, select

from crm.imports.sandbox import Sandbox, quoted
from crm.imports.targets import TARGETS
from crm.records import Records
from crm.schema import Base
from crm.shapes import natural_key, shapes


class Stored:
    """Keys and numbers in the records, each read once into the sandbox.

    Parameters
    ----------
    records : Records
    source : str
        Name of the source that is imported.
    sandbox : Sandbox
    """

    def __init__(self, records: Records, source: str, sandbox: Sandbox) -> None:
        self._records = records
        self._sandbox = sandbox
        self._loaded: set[str] = set()
        found = records.query("SELECT id FROM sources WHERE name = :name", {"name": source})
        self.source_id: int | None = found.column(0)[0].as_py() if found.num_rows else None

    def keys(self, table: str) -> str:
        """The sandbox's table with the keys of a table of ours: this source's keys, or the natural keys of a list."""
        if shapes()[table] == "reference":
            return self._load(f"#keys {table}", _text(select(_natural(table, self.source_id).c.key)))
        stored = Base.metadata.tables[table]
        return self._load(
            f"#keys {table}", _text(select(stored.c.source_key.label("key")).distinct().where(self._mine(stored)))
        )

    def numbers(self, table: str) -> str:
        """The sandbox's table with the numbers that rows of other sources have."""
        stored = Base.metadata.tables[table]
        number = TARGETS[table].number or "source_key"
        other = stored.c.source_id != literal_column(str(self.source_id or 0))
        return self._load(f"#numbers {table}", _text(select(stored.c[number].label("key")).where(other)))

    def parties(self, table: str) -> str:
        """The sandbox's table with the party's key for each key of customers, companies or leads."""
        stored, party = Base.metadata.tables[table], Base.metadata.tables["parties"]
        query = select(stored.c.source_key.label("key"), party.c.source_key.label("party_key"))
        query = query.join_from(stored, party, party.c.id == stored.c.party_id).where(self._mine(stored))
        return self._load(f"#parties {table}", _text(query))

    def attributes(self) -> str:
        """The sandbox's table with the keys of attribute values that are not cleared."""
        stored = Base.metadata.tables["attribute_values"]
        later = stored.alias()
        last = select(func.max(later.c.version)).where(later.c.id == stored.c.id).scalar_subquery()
        query = select(stored.c.source_key.label("key")).where(
            self._mine(stored), ~stored.c.is_cleared, stored.c.version == last, stored.c.op != "retract"
        )
        return self._load("#attributes", _text(query))

    def _mine(self, table: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = table.c.source_id == literal_column(str(self.source_id or 0))
        return found

    def _load(self, name: str, sql: str) -> str:
        if name not in self._loaded:
            rows = self._records.query(sql)
            self._sandbox.load(name, pa.table([column.cast(pa.string()) for column in rows.columns], rows.column_names))
            self._loaded.add(name)
        return quoted(name)


def _natural(table: str, source_id: int | None) -> Any:
    """``key`` of each row of a list: the parts of its natural key, those of other rows spelt out, joined by slashes."""
    listed = Base.metadata.tables[table]
    source: FromClause = listed
    parts: list[ColumnElement[Any]] = []
    conditions = []
    for name in natural_key(table):
        column = listed.c[name]
        target = next((key.column.table for key in column.foreign_keys if key.column.name == "id"), None)
        if target is None:
            parts.append(cast(column, String))
        elif shapes()[target.name] == "reference":
            inner = _natural(target.name, source_id).alias()
            source = source.join(inner, inner.c.id == column)
            parts.append(inner.c.key)
        else:
            source = source.join(target, target.c.id == column)
            conditions.append(target.c.source_id == literal_column(str(source_id or 0)))
            parts.append(target.c.source_key)
    key = parts[0]
    for part in parts[1:]:
        key = key + literal_column("'/'", String) + part
    own = listed.c.id if "id" in listed.c else key
    return select(own.label("id"), key.label("key")).select_from(source).where(*conditions).subquery()


def _text(query: Any) -> str:
    return str(query.compile(compile_kwargs={"literal_binds": True}))
