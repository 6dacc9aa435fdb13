"""Connections to SQLite and PostgreSQL through ADBC: Arrow in, Arrow out, SQL between, one transaction each.

All reading and writing of a running program goes this way. The driver carries its own SQLite; a process
that opened the same file through Python's `sqlite3` as well would lose its locks when either closes, so
`Records.engine` is for migrations, which run alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeAlias

import adbc_driver_manager
import pyarrow as pa
from sqlalchemy import CreateTableAs, Select
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.sql import ClauseElement

from crm.errors import RecordsError

BUSY_SECONDS = 300  # a writer waits so long for another one's import
_BATCH = "adbc.sqlite.query.batch_rows"
_ONE_BATCH = str(2**31 - 2)
_STREAM = {"sqlite": {_BATCH: "65536"}, "postgresql": {"adbc.postgresql.batch_size_hint_bytes": str(1 << 20)}}

Statement: TypeAlias = ClauseElement | CreateTableAs | str


class _Driver(Protocol):
    """What is used of an ADBC connection."""

    @property
    def adbc_connection(self) -> Any:
        """The connection below."""

    def cursor(self) -> Any:
        """A new cursor."""

    def close(self) -> None:
        """Close."""


class Connection:
    """One ADBC connection that takes SQLAlchemy statements or SQL text.

    Parameters
    ----------
    driver : ADBC connection
    dialect : Dialect
        The SQLAlchemy dialect that statements are written in.
    """

    def __init__(self, driver: _Driver, dialect: Dialect) -> None:
        self._driver = driver
        self.dialect = dialect
        self.is_sqlite = dialect.name == "sqlite"

    def execute(self, statement: Statement, parameters: Sequence[object] = ()) -> None:
        """Run a statement that answers nothing."""
        with self._cursor() as cursor:
            _run(cursor, self.sql(statement), parameters)

    def rows(self, statement: Statement, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The answer as Python rows, for small answers."""
        with self._cursor() as cursor:
            _run(cursor, self.sql(statement), parameters)
            return [tuple(row) for row in cursor.fetchall()]

    def table(self, statement: Statement, parameters: Sequence[object] = ()) -> pa.Table:
        """The answer as Arrow in one batch, so that each type is inferred from all of its rows."""
        with self._cursor() as cursor:
            if self.is_sqlite:
                cursor.adbc_statement.set_options(**{_BATCH: _ONE_BATCH})
            _run(cursor, self.sql(statement), parameters)
            return cursor.fetch_arrow_table()

    def batches(self, statement: Statement) -> Iterator[pa.RecordBatch]:
        """The answer batch by batch, in bounded memory."""
        with self._cursor() as cursor:
            cursor.adbc_statement.set_options(**_STREAM[self.dialect.name])
            _run(cursor, self.sql(statement), ())
            yield from cursor.fetch_record_batch()

    def ingest(self, name: str, table: pa.Table) -> None:
        """Load an Arrow table into a new temporary table."""
        with self._cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="create", temporary=True)
        if not self.is_sqlite:
            self.execute(f"ANALYZE {name}")

    def sql(self, statement: Statement) -> str:
        """The text of a statement in this database's dialect, values written into it."""
        if isinstance(statement, str):
            return statement
        if isinstance(statement, CreateTableAs):
            return str(statement.compile(dialect=self.dialect))
        return str(statement.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True}))

    def create(self, name: str, query: Select[Any]) -> None:
        """Make a temporary table of a query's answer."""
        self.execute(CreateTableAs(query, name, temporary=True))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end; roll back when anything goes wrong, an interrupt included."""
        self._driver.adbc_connection.set_autocommit(False)
        try:
            yield
            self._driver.adbc_connection.commit()
        except BaseException:
            with suppress(adbc_driver_manager.Error):
                self._driver.adbc_connection.rollback()
            raise

    def defer_foreign_keys(self) -> None:
        """Check foreign keys at the end of the transaction, so that tables may refer to each other."""
        self.rows("PRAGMA defer_foreign_keys=ON") if self.is_sqlite else self.execute("SET CONSTRAINTS ALL DEFERRED")

    def close(self) -> None:
        """Give the connection back to the system."""
        self._driver.close()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        cursor = self._driver.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


def _run(cursor: Any, sql: str, parameters: Sequence[object]) -> None:
    if parameters:
        cursor.execute(sql, tuple(parameters))
    else:
        cursor.execute(sql)


def connect(url: URL, *, writes: bool) -> Connection:
    """Open a connection.

    Parameters
    ----------
    url : URL
        ``sqlite:///path`` or ``postgresql+psycopg://…``.
    writes : bool
        Whether the connection may change anything; a reading one cannot.

    Raises
    ------
    RecordsError
        If the database does not answer or is of another kind.
    """
    try:
        if url.get_backend_name() == "sqlite":
            return _connect_sqlite(url, writes=writes)
        if url.get_backend_name() == "postgresql":
            return _connect_postgresql(url, writes=writes)
    except adbc_driver_manager.Error as error:
        shown = url.render_as_string(hide_password=True)
        raise RecordsError(
            f"the records at {shown} cannot be opened ({_first_line(error)}); a reachable database is expected; "
            "mend the setting records_url"
        ) from error
    raise RecordsError(
        f"the records are at a {url.get_backend_name()!r} database; sqlite or postgresql is expected; "
        "mend the setting records_url"
    )


def _connect_sqlite(url: URL, *, writes: bool) -> Connection:
    import adbc_driver_sqlite.dbapi

    driver = adbc_driver_sqlite.dbapi.connect(url.database or "", autocommit=True)
    connection = Connection(driver, SQLiteDialect(paramstyle="qmark"))
    pragmas = ["foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}", "recursive_triggers=ON"]
    pragmas += ["cache_size=-65536", "synchronous=FULL"] if writes else ["query_only=ON"]
    for pragma in pragmas:
        connection.rows(f"PRAGMA {pragma}")
    return connection


def _connect_postgresql(url: URL, *, writes: bool) -> Connection:
    import adbc_driver_postgresql.dbapi

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    driver = adbc_driver_postgresql.dbapi.connect(plain, autocommit=True)
    dialect = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # its constructor has no types
    connection = Connection(driver, dialect)
    if not writes:
        connection.execute("SET default_transaction_read_only = on")
    return connection


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
