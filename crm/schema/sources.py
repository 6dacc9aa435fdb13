"""Where records come from, and each run that brought some; the lists of values that others refer to."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import KEY_LENGTH, Base, Reference, column, flag, key, moment, number, text, to, whole


class Source(Reference):
    """A system or file set that records come from, with what it declares about itself.

    ``complete_until`` is the moment up to which the source tells everything (null: live);
    ``basis`` is the consent basis that it declares for its people (null: none).
    """

    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = key("public", nullable=False)
    kind: Mapped[str] = key("public", nullable=False)
    title: Mapped[str | None] = text("public")
    basis: Mapped[str | None] = key("public")
    licence: Mapped[str | None] = text("public")
    zone: Mapped[str] = key("public", nullable=False)
    lag: Mapped[int] = whole("public", nullable=False, unit="µs")
    complete_until: Mapped[int | None] = moment("public")
    snapshot_at: Mapped[int | None] = moment("public")
    ordered: Mapped[bool] = flag("public", nullable=False)
    mapping_sha256: Mapped[str | None] = key("public")


class ImportRun(Reference):
    """One run of an import: its files, its counts, how it ended."""

    __tablename__ = "import_runs"
    __table_args__ = (CheckConstraint("state in ('applied', 'failed')", name="state"),)

    source_id: Mapped[int] = to("sources.id", nullable=False)
    state: Mapped[str] = key("public", nullable=False)
    started_at: Mapped[int] = moment("public", nullable=False)
    finished_at: Mapped[int] = moment("public", nullable=False)
    mapping_sha256: Mapped[str | None] = key("public")
    files: Mapped[str] = text("business", nullable=False)
    counts: Mapped[str] = text("public", nullable=False)
    rejects: Mapped[str | None] = text("business")


class Counter(Base):
    """The next number of a sequence; ``arrival`` numbers rows in the order of their commits."""

    __tablename__ = "counters"
    shape = "reference"

    name: Mapped[str] = column("public", String(KEY_LENGTH), primary_key=True, nullable=False)
    value: Mapped[int] = whole("public", nullable=False)


class Currency(Base):
    """A currency by its ISO 4217 code."""

    __tablename__ = "currencies"
    shape = "reference"

    code: Mapped[str] = column("public", String(3), primary_key=True, nullable=False)
    name: Mapped[str | None] = key("public")


class FxRate(Base):
    """Reporting units for one unit of a currency on a day, as known at a moment."""

    __tablename__ = "fx_rates"
    shape = "reference"

    currency: Mapped[str] = column("public", String(3), primary_key=True, nullable=False)
    on_day: Mapped[str] = column("public", String(10), primary_key=True, nullable=False)
    known_at: Mapped[int] = column("public", BigInteger, primary_key=True, nullable=False, unit="µs")
    rate: Mapped[float] = number("public", nullable=False)
