"""Opening the records of a workspace."""

from __future__ import annotations

from configs import Settings
from crm.records import Records
from crm.schema import Base


def open(settings: Settings) -> Records:  # noqa: A001 - `crm.open(settings)`, as each package is opened
    """The records of a workspace, made or brought up to date first."""
    settings.home.mkdir(parents=True, exist_ok=True)
    records = Records(settings)
    with records.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        Base.metadata.create_all(connection)
        connection.exec_driver_sql("INSERT INTO counters (name, value) SELECT 'arrival', 0 WHERE NOT EXISTS (SELECT 1 FROM counters WHERE name = 'arrival')")
        connection.exec_driver_sql(
            "INSERT INTO sources (id, name, kind, zone, lag, ordered) SELECT 1, 'rapport', 'internal', 'UTC', 0, false "
            "WHERE NOT EXISTS (SELECT 1 FROM sources)"
        )
        connection.exec_driver_sql("INSERT INTO counters (name, value) SELECT 'sources', 1 WHERE NOT EXISTS (SELECT 1 FROM counters WHERE name = 'sources')")
        for code in ("EUR", "USD", "GBP"):
            connection.exec_driver_sql(f"INSERT INTO currencies (code) SELECT '{code}' WHERE NOT EXISTS (SELECT 1 FROM currencies WHERE code='{code}')")
    records.engine.dispose()
    return records
