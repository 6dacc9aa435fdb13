"""Bring a database to this release: under a lock, in one transaction, from whatever it holds."""

from __future__ import annotations

from pathlib import Path

import adbc_driver_manager
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from crm.connections import connect
from crm.errors import RecordsError

HEAD = "0010"
_FOLDER = Path(__file__).parent
_ADVISORY_LOCK = 0x7261_7070


def stored_revision(url: URL) -> str | None:
    """The revision that a database holds; None when it holds none of our tables yet.

    Raises
    ------
    RecordsError
        If there is something else where the database should be.
    """
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    connection = connect(url, writes=False)
    try:
        return str(connection.rows("SELECT version_num FROM alembic_version")[0][0])
    except adbc_driver_manager.Error as error:
        if any(sign in str(error) for sign in ("no such table", "does not exist")):
            return None
        shown = url.render_as_string(hide_password=True)
        raise RecordsError(
            f"the records at {shown} cannot be read ({str(error).strip().splitlines()[0]}); "
            "a database of ours is expected; mend the setting records_url or restore a backup"
        ) from error
    finally:
        connection.close()


def upgrade(url: URL) -> None:
    """Run the revisions that a database lacks, all of them or none.

    Raises
    ------
    RecordsError
        If the database is of a later release, or cannot be changed.
    """
    engine = create_engine(url)
    if url.get_backend_name() == "sqlite":
        _take_over_transactions(engine)
    try:
        with engine.connect() as connection:
            if url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                connection.commit()
            with connection.begin():
                _run(connection)
    except DBAPIError as error:
        shown = url.render_as_string(hide_password=True)
        reason = str(error).strip().splitlines()[0]
        raise RecordsError(
            f"the records at {shown} could not be brought to this release ({reason}) and are as they were; "
            "a writable database with free space is expected; make room or mend its permissions"
        ) from error
    finally:
        engine.dispose()


def _take_over_transactions(engine: object) -> None:
    """Python's driver would commit before each CREATE; begin and end are ours."""

    @event.listens_for(engine, "connect")
    def _stop_the_driver(driver: object, _: object) -> None:
        driver.isolation_level = None  # type: ignore[attr-defined]  # sqlite3.Connection has it

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.info.get("started"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.info["started"] = True


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise RecordsError(
            f"the records are of another release than this program ({error}); "
            f"revision {HEAD} or an earlier one is expected; use the program that wrote them, or a later one"
        ) from error
