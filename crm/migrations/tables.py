"""Shapes of tables as migrations make them: what a revision has used never changes, a new shape is a new function."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger()
KEY = sa.String(200)
TEXT = sa.Text()
WHOLE = sa.BigInteger()
NUMBER: sa.Double[float] = sa.Double()
FLAG = sa.Boolean()
DAY = sa.Date()

_CHECKS = (
    ("op in ('assert', 'correct', 'retract')", "op"),
    ("op = 'retract' or occurred_at is not null", "occurred"),
)
_REFUSAL = "rows of {table} are there for good: it is append-only"


def to(target: str, *, circular: bool = False) -> sa.ForeignKey:
    """A foreign key that may be checked at the end of a transaction."""
    return sa.ForeignKey(target, deferrable=True, initially="IMMEDIATE", use_alter=circular)


def to_fact(name: str, target: str) -> sa.ForeignKeyConstraint:
    """A foreign key to a version of a fact."""
    ours, theirs = [f"{name}_id", f"{name}_version"], [f"{target}.id", f"{target}.version"]
    return sa.ForeignKeyConstraint(ours, theirs, deferrable=True, initially="IMMEDIATE")


def check(rule: str, name: str) -> sa.CheckConstraint:
    """A named rule."""
    return sa.CheckConstraint(rule, name=name)


def filled(*columns: str) -> str:
    """How many of some columns are not null."""
    return " + ".join(f"(case when {column} is null then 0 else 1 end)" for column in columns)


def reference(name: str, *items: Any) -> None:
    """Make a list of values with an id."""
    op.create_table(name, sa.Column("id", ID, primary_key=True, autoincrement=False), *items)


def head(name: str, *items: Any) -> None:
    """Make a state table and the table of its versions."""
    owners = [("owner_id", "users"), ("team_id", "teams"), ("territory_id", "territories")]
    op.create_table(
        name,
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(36), nullable=False, unique=True),
        *items,
        *[sa.Column(column, ID, to(f"{target}.id")) for column, target in owners],
        *_clocks(to("sources.id")),
        sa.UniqueConstraint("source_id", "source_key"),
    )
    op.create_table(
        f"{name}_versions",
        sa.Column(
            "id",
            ID,
            sa.ForeignKey(f"{name}.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("version", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        *[sa.Column(item.name, item.type, nullable=item.nullable) for item in items if isinstance(item, sa.Column)],
        *[sa.Column(column, ID) for column, _ in owners],
        *_clocks(),
        sa.Column("changed_by", KEY),
        sa.Column("change_reason", TEXT),
        sa.UniqueConstraint("source_id", "source_key", "version"),
    )
    op.create_index(op.f(f"ix_{name}_versions_seq"), f"{name}_versions", ["seq"])
    protect(f"{name}_versions", ("id", "version"), ("source_id", "source_key", "version"))


def fact(name: str, *items: Any) -> None:
    """Make an append-only table."""
    op.create_table(
        name,
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("version", WHOLE, primary_key=True, autoincrement=False),
        *items,
        *_clocks(to("sources.id")),
        sa.UniqueConstraint("source_id", "source_key", "version"),
    )
    op.create_index(op.f(f"ix_{name}_seq"), name, ["seq"])
    unique = [item for item in items if isinstance(item, sa.UniqueConstraint)]
    others = [tuple(column.name for column in item.columns) for item in unique]
    protect(name, ("id", "version"), ("source_id", "source_key", "version"), *others)


def _clocks(*source: Any) -> list[Any]:
    return [
        sa.Column("source_id", ID, *source, nullable=False),
        sa.Column("source_key", KEY, nullable=False),
        sa.Column("op", KEY, nullable=False),
        sa.Column("occurred_at", WHOLE),
        sa.Column("known_at", WHOLE, nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        *[check(rule, name) for rule, name in _CHECKS],
    ]


def protect(name: str, *keys: tuple[str, ...]) -> None:
    """Refuse every change to the rows of a table.

    Triggers against UPDATE and DELETE do not stop SQLite's INSERT OR REPLACE, so there an INSERT that
    would meet one of the table's unique `keys` is refused as well.
    """
    refusal = _REFUSAL.format(table=name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION append_only('{refusal}')"
        )
        return
    stop = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    for event in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {name}_no_{event.lower()} BEFORE {event} ON {name} {stop}")
    found = " OR ".join(_is_there(name, key) for key in keys)
    op.execute(f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {found} {stop}")


def _is_there(name: str, key: tuple[str, ...]) -> str:
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    return f"EXISTS (SELECT 1 FROM {name} WHERE {same})"  # noqa: S608 - names of our own tables


def append_only_function() -> None:
    """Make the function that PostgreSQL's triggers call."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$"
        )
