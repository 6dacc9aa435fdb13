"""Lists of values, sources, access, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.migrations.tables import (
    FLAG,
    ID,
    KEY,
    NUMBER,
    TEXT,
    WHOLE,
    append_only_function,
    check,
    protect,
    reference,
    to,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    append_only_function()
    _teams()
    _territories()
    _users()
    _audit_log()
    _currencies()
    _fx_rates()
    _counters()
    _sources()
    _import_runs()
    _purposes()
    _picklists()
    _picklist_values()
    _attribute_definitions()
    _pipelines()
    _pipeline_stages()
    _close_reasons()
    _segments()


def _teams() -> None:
    reference(
        "teams",
        sa.Column("name", KEY, nullable=False),
        sa.Column("manager", KEY),
        sa.UniqueConstraint("name"),
    )


def _territories() -> None:
    reference(
        "territories",
        sa.Column("name", KEY, nullable=False),
        sa.UniqueConstraint("name"),
    )


def _users() -> None:
    reference(
        "users",
        sa.Column("name", KEY, nullable=False),
        sa.Column("team_id", ID, to("teams.id"), index=True),
        sa.Column("active", FLAG, nullable=False),
        sa.UniqueConstraint("name"),
    )


def _audit_log() -> None:
    reference(
        "audit_log",
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("action", KEY, nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("previous_hash", KEY, nullable=False),
        sa.Column("hash", KEY, nullable=False),
    )
    protect("audit_log", ("id",))


def _currencies() -> None:
    op.create_table(
        "currencies",
        sa.Column("code", sa.String(3), primary_key=True),
        sa.Column("name", KEY),
    )


def _fx_rates() -> None:
    op.create_table(
        "fx_rates",
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("on_day", sa.String(10), primary_key=True),
        sa.Column("known_at", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("rate", NUMBER, nullable=False),
    )


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", KEY, primary_key=True),
        sa.Column("value", WHOLE, nullable=False),
    )


def _sources() -> None:
    reference(
        "sources",
        sa.Column("name", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("title", TEXT),
        sa.Column("basis", KEY),
        sa.Column("licence", TEXT),
        sa.Column("zone", KEY, nullable=False),
        sa.Column("lag", WHOLE, nullable=False),
        sa.Column("complete_until", WHOLE),
        sa.Column("snapshot_at", WHOLE),
        sa.Column("ordered", FLAG, nullable=False),
        sa.Column("mapping_sha256", KEY),
        sa.UniqueConstraint("name"),
    )


def _import_runs() -> None:
    reference(
        "import_runs",
        sa.Column("source_id", ID, to("sources.id"), nullable=False, index=True),
        sa.Column("state", KEY, nullable=False),
        sa.Column("started_at", WHOLE, nullable=False),
        sa.Column("finished_at", WHOLE, nullable=False),
        sa.Column("mapping_sha256", KEY),
        sa.Column("files", TEXT, nullable=False),
        sa.Column("counts", TEXT, nullable=False),
        sa.Column("rejects", TEXT),
        check("state in ('applied', 'failed')", "state"),
    )


def _purposes() -> None:
    reference(
        "purposes",
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("needs_consent", FLAG, nullable=False),
        sa.UniqueConstraint("code"),
    )


def _picklists() -> None:
    reference(
        "picklists",
        sa.Column("code", KEY, nullable=False),
        sa.Column("title", KEY),
        sa.UniqueConstraint("code"),
    )


def _picklist_values() -> None:
    reference(
        "picklist_values",
        sa.Column("picklist_id", ID, to("picklists.id"), nullable=False, index=True),
        sa.Column("code", KEY, nullable=False),
        sa.Column("title", KEY),
        sa.Column("ordinal", WHOLE),
        sa.Column("active", FLAG, nullable=False),
        sa.UniqueConstraint("picklist_id", "code"),
    )


def _attribute_definitions() -> None:
    reference(
        "attribute_definitions",
        sa.Column("entity", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("title", KEY),
        sa.Column("type", KEY, nullable=False),
        sa.Column("picklist_id", ID, to("picklists.id")),
        sa.Column("unit", KEY),
        sa.Column("data_class", KEY, nullable=False),
        sa.Column("required", FLAG, nullable=False),
        sa.Column("pattern", KEY),
        sa.Column("known", KEY, nullable=False),
        sa.Column("suspect", TEXT),
        sa.UniqueConstraint("entity", "code"),
        check("entity in ('customer', 'lead', 'opportunity', 'product', 'company')", "entity"),
        check("type in ('int', 'decimal', 'text', 'bool', 'date', 'picklist')", "type"),
        check("known in ('always', 'after_outcome')", "known"),
    )


def _pipelines() -> None:
    reference(
        "pipelines",
        sa.Column("name", KEY, nullable=False),
        sa.UniqueConstraint("name"),
    )


def _pipeline_stages() -> None:
    reference(
        "pipeline_stages",
        sa.Column("pipeline_id", ID, to("pipelines.id"), nullable=False, index=True),
        sa.Column("name", KEY, nullable=False),
        sa.Column("ordinal", WHOLE, nullable=False),
        sa.Column("category", KEY, nullable=False),
        sa.Column("default_probability", NUMBER),
        sa.UniqueConstraint("pipeline_id", "name"),
        sa.UniqueConstraint("pipeline_id", "ordinal"),
        check("category in ('open', 'won', 'lost')", "category"),
    )


def _close_reasons() -> None:
    reference(
        "close_reasons",
        sa.Column("kind", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("text", TEXT),
        sa.Column("active", FLAG, nullable=False),
        sa.UniqueConstraint("kind", "code"),
        check("kind in ('won', 'lost', 'unqualified')", "kind"),
    )


def _segments() -> None:
    reference(
        "segments",
        sa.Column("name", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("title", TEXT),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("definition_sha256", KEY, nullable=False),
        sa.Column("purpose", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.UniqueConstraint("name"),
        check("kind in ('rule', 'model')", "kind"),
    )
