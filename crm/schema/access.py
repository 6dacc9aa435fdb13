"""Users, teams and territories, and the append-only audit log."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Reference, flag, key, moment, text, to


class Team(Reference):
    """A group of users with one manager's name."""

    __tablename__ = "teams"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = key("business", nullable=False)
    manager: Mapped[str | None] = key("identity")


class Territory(Reference):
    """A region or market that work is divided by."""

    __tablename__ = "territories"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = key("business", nullable=False)


class User(Reference):
    """A colleague who owns records."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = key("identity", nullable=False)
    team_id: Mapped[int | None] = to("teams.id")
    active: Mapped[bool] = flag(nullable=False)


class AuditEntry(Reference):
    """One thing that was done; each entry's hash covers the one before it, so a gap or an edit shows."""

    __tablename__ = "audit_log"

    at: Mapped[int] = moment(nullable=False)
    actor: Mapped[str] = key("identity", nullable=False)
    action: Mapped[str] = key(nullable=False)
    subject: Mapped[str] = key("identity", nullable=False)
    detail: Mapped[str] = text("free_text", nullable=False)
    previous_hash: Mapped[str] = key("public", nullable=False)
    hash: Mapped[str] = key("public", nullable=False)
