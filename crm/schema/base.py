"""What every table shares: the column constructor with its data class, the clocks, heads, facts and versions."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

DataClass: TypeAlias = Literal[
    "public", "business", "contact", "identity", "financial", "free_text", "special", "secret"
]

KEY_LENGTH = 200
_FIRST, _LAST = -10, 10  # a table's own columns stand between its key and what all tables have
TEXT_LIMIT = 100_000  # characters of one text value; longer ones are rejected on import

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of all mapped tables; `Base.metadata` is the whole schema."""

    metadata = MetaData(naming_convention=NAMING)


def column(data_class: DataClass, kind: Any, *args: Any, nullable: bool = True, unit: str = "", **options: Any) -> Any:
    """A column with its data class and unit, from which masks, encryption, redaction and erasure derive.

    Parameters
    ----------
    data_class : DataClass
        How sensitive the value is.
    kind : SQLAlchemy type
    unit : str
        ``"µs"`` marks a moment (whole microseconds, UTC), ``"money"`` an amount in ten-thousandths of
        its currency's unit; otherwise the unit in words (``"items"``).
    """
    info = {"data_class": data_class, "unit": unit}
    return mapped_column(kind, *args, nullable=nullable, info=info, **options)


def key(data_class: DataClass = "business", *, nullable: bool = True, **options: Any) -> Any:
    """A short text that names something: a code, a number, a status."""
    return column(data_class, String(KEY_LENGTH), nullable=nullable, **options)


def text(data_class: DataClass, *, nullable: bool = True) -> Any:
    """A text of any length up to `TEXT_LIMIT`."""
    return column(data_class, Text, nullable=nullable)


def moment(data_class: DataClass = "business", *, nullable: bool = True, **options: Any) -> Any:
    """A point in time: whole microseconds since 1970, UTC."""
    return column(data_class, BigInteger, nullable=nullable, unit="µs", **options)


def day(data_class: DataClass = "business", *, nullable: bool = True) -> Any:
    """A calendar date."""
    return column(data_class, Date, nullable=nullable)


def money(*, nullable: bool = True, data_class: DataClass = "financial") -> Any:
    """An exact amount: whole ten-thousandths of the currency's unit, so that sums are exact in any order."""
    return column(data_class, BigInteger, nullable=nullable, unit="money")


def number(data_class: DataClass = "business", *, nullable: bool = True, unit: str = "") -> Any:
    """A double-precision number."""
    return column(data_class, Double, nullable=nullable, unit=unit)


def whole(data_class: DataClass = "business", *, nullable: bool = True, unit: str = "", **options: Any) -> Any:
    """A 64-bit whole number."""
    return column(data_class, BigInteger, nullable=nullable, unit=unit, **options)


def flag(data_class: DataClass = "business", *, nullable: bool = True) -> Any:
    """Yes or no."""
    return column(data_class, Boolean, nullable=nullable)


def to(target: str, *, nullable: bool = True, index: bool = True, circular: bool = False, **options: Any) -> Any:
    """A foreign key to ``target`` (``"customers.id"``); a circular one is added after both tables are made."""
    kind = String(KEY_LENGTH) if not target.endswith(".id") else BigInteger
    reference = ForeignKey(target, deferrable=True, initially="IMMEDIATE", use_alter=circular)
    return column("business", kind, reference, nullable=nullable, index=index, **options)


class Reference(Base):
    """A small list or a log without versions; its rows are edited in place."""

    __abstract__ = True
    shape: ClassVar[str] = "reference"

    id: Mapped[int] = column(
        "public", BigInteger, primary_key=True, autoincrement=False, nullable=False, sort_order=_FIRST
    )


class _Clocked(Base):
    """Two clocks, arrival and origin, common to heads and facts."""

    __abstract__ = True

    source_key: Mapped[str] = key("identity", nullable=False, sort_order=_LAST)
    op: Mapped[str] = key("public", nullable=False, sort_order=_LAST)
    occurred_at: Mapped[int | None] = moment(sort_order=_LAST)
    known_at: Mapped[int] = moment(nullable=False, sort_order=_LAST)
    seq: Mapped[int] = whole("public", nullable=False, sort_order=_LAST)

    @declared_attr
    def source_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy hands the class
        mapped: Mapped[int] = to("sources.id", nullable=False, index=False, sort_order=_LAST - 1)
        return mapped


def _clock_checks() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("op in ('assert', 'correct', 'retract')", name="op"),
        CheckConstraint("op = 'retract' or occurred_at is not null", name="occurred"),
    )


class Head(_Clocked):
    """A state table: the current values of something, one row each, with every version beside it.

    ``<table>_versions`` (see `versions_of`) holds the same columns for every version; the head equals
    the last one. ``public_id`` (UUIDv7) is for addresses and is never a permission.
    """

    __abstract__ = True
    shape: ClassVar[str] = "head"
    extra: ClassVar[tuple[Any, ...]] = ()

    id: Mapped[int] = column(
        "public", BigInteger, primary_key=True, autoincrement=False, nullable=False, sort_order=_FIRST
    )
    version: Mapped[int] = whole("public", nullable=False, sort_order=_FIRST + 1)
    public_id: Mapped[str] = column("public", String(36), nullable=False, unique=True, sort_order=_FIRST + 2)

    @declared_attr
    def owner_id(cls) -> Mapped[int | None]:  # noqa: N805
        """Who looks after it."""
        mapped: Mapped[int | None] = to("users.id", index=False, sort_order=_LAST - 4)
        return mapped

    @declared_attr
    def team_id(cls) -> Mapped[int | None]:  # noqa: N805
        """Whose team looks after it."""
        mapped: Mapped[int | None] = to("teams.id", index=False, sort_order=_LAST - 3)
        return mapped

    @declared_attr
    def territory_id(cls) -> Mapped[int | None]:  # noqa: N805
        """Where it belongs."""
        mapped: Mapped[int | None] = to("territories.id", index=False, sort_order=_LAST - 2)
        return mapped

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805
        return (UniqueConstraint("source_id", "source_key"), *_clock_checks(), *cls.extra)


class Fact(_Clocked):
    """An append-only table: ``(id, version)``; corrections and retractions are new versions."""

    __abstract__ = True
    shape: ClassVar[str] = "fact"
    extra: ClassVar[tuple[Any, ...]] = ()

    id: Mapped[int] = column(
        "public", BigInteger, primary_key=True, autoincrement=False, nullable=False, sort_order=_FIRST
    )
    version: Mapped[int] = column(
        "public", BigInteger, primary_key=True, autoincrement=False, nullable=False, sort_order=_FIRST + 1
    )

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805
        return (
            UniqueConstraint("source_id", "source_key", "version"),
            Index(None, "seq"),
            *_clock_checks(),
            *cls.extra,
        )


def to_fact(name: str, target: str) -> ForeignKeyConstraint:
    """A foreign key ``(<name>_id, <name>_version)`` to the version of a fact that was referred to."""
    return ForeignKeyConstraint(
        [f"{name}_id", f"{name}_version"],
        [f"{target}.id", f"{target}.version"],
        deferrable=True,
        initially="IMMEDIATE",
    )


def exactly_one(*columns: str, name: str) -> CheckConstraint:
    """A check that exactly one of `columns` is not null.

    Examples
    --------
    >>> exactly_one("lead_id", "customer_id", name="subject").name
    'subject'
    """
    terms = " + ".join(f"(case when {item} is null then 0 else 1 end)" for item in columns)
    return CheckConstraint(f"{terms} = 1", name=name)


def versions_of(head: type[Head]) -> Table:
    """The ``<table>_versions`` table of a state table: the same typed columns, keyed by ``(id, version)``."""
    source = head.__table__
    return Table(
        f"{head.__tablename__}_versions",
        Base.metadata,
        *[_version_column(item) for item in source.columns],
        *_clock_checks(),
        Column("changed_by", String(KEY_LENGTH), info={"data_class": "business", "unit": ""}),
        Column("change_reason", Text, info={"data_class": "free_text", "unit": ""}),
        Index(None, "seq"),
        UniqueConstraint("source_id", "source_key", "version"),
        info={"kind": "versions", "head": head.__tablename__},
    )


def _version_column(item: Any) -> Any:
    keyed = item.name in ("id", "version")
    reference = (
        [ForeignKey(f"{item.table.name}.id", deferrable=True, initially="DEFERRED")] if item.name == "id" else []
    )
    return Column(
        item.name,
        item.type,
        *reference,
        primary_key=keyed,
        autoincrement=False,
        nullable=item.nullable and not keyed,
        info=dict(item.info),
    )
