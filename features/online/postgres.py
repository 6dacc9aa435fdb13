"""States in PostgreSQL: the tables of the embedded store, under a prefix, written by COPY in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

from features.entity import ENTITIES
from features.errors import OnlineStoreError
from features.kernel.program import Ints
from features.online.protocol import LARGE, Large, OvertakenError, Packed, Stamp, State, shown

CONNECT_SECONDS, READ_SECONDS, WAIT_SECONDS = 3, 5, 60
LOCK = 7_237_103  # any number; with the hash of a name it makes an advisory lock


class PostgresStore:
    """Packed states in a PostgreSQL database; every thread has a connection of its own.

    Parameters
    ----------
    url : str
        ``postgresql://user@host:port/database``.
    prefix : str
        What the name of every table begins with: one for each workspace in a database.
    password : str
    """

    def __init__(self, url: str, prefix: str, password: str = "") -> None:
        import psycopg

        self._psycopg = psycopg
        self._url, self._prefix, self._password = url, prefix, password
        self._local = threading.local()
        self._open: list[Any] = []
        self._lock = threading.Lock()

    def stamp(self, entity: str) -> Stamp | None:
        """What is there of an entity; None before the first materialization."""
        found = self._rows(f"SELECT * FROM {self._prefix}_stamps WHERE entity = %s", (entity,))  # noqa: S608 - our own names
        return Stamp(*found[0][1:]) if found else None

    def read(self, entity: str, keys: Sequence[str]) -> tuple[int, list[State | None]]:
        """The token of the stamp (0: none), and the state of each key in order (None: none), all of one moment."""
        asked = ["", *(key.replace("\0", "\1") for key in keys)]  # no number has either
        rows = self._rows(
            f"SELECT coalesce((SELECT token FROM {self._prefix}_stamps WHERE entity = %s), 0), s.key, s.written, "  # noqa: S608
            f"CASE WHEN octet_length(s.base) <= {LARGE} THEN s.base END, t.tail "
            f"FROM unnest(%s::text[]) WITH ORDINALITY k (key, place) LEFT JOIN {self._table('states', entity)} s "
            f"ON s.key = k.key LEFT JOIN {self._table('tails', entity)} t ON t.id = s.id ORDER BY k.place",
            (entity, asked),
        )
        return rows[0][0], [
            None if key is None else (Large(key, written) if base is None else base, tail)
            for _, key, written, base, tail in rows[1:]
        ]

    def base(self, entity: str, name: Large) -> bytes | None:
        """A large base; None when it is another by now."""
        asked = f"SELECT base FROM {self._table('states', entity)} WHERE key = %s AND written = %s"  # noqa: S608
        found = self._rows(asked, name)
        return found[0][0] if found else None

    def marks(self, entity: str, ids: Ints) -> dict[int, tuple[int, str]]:
        """The mark of its base, and the number, of each id that is there."""
        asked = f"SELECT id, mark, key FROM {self._table('states', entity)} WHERE id = ANY(%s)"  # noqa: S608
        return {number: (mark, key) for number, mark, key in self._rows(asked, (ids.tolist(),))}

    def replace(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed]) -> None:
        """Put `rows` in place of all that is there, in one transaction."""
        with self._transaction(entity, after) as connection:
            for name in ("states", "tails"):
                connection.execute(f"DELETE FROM {self._table(name, entity)}")  # noqa: S608
            self._put(connection, entity, stamp, rows)

    def update(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed], removed: Iterable[int]) -> None:
        """Put in some rows and take out some ids, in one transaction."""
        with self._transaction(entity, after) as connection:
            gone = list(removed)
            for name in ("states", "tails"):
                connection.execute(f"DELETE FROM {self._table(name, entity)} WHERE id = ANY(%s)", (gone,))  # noqa: S608
            self._put(connection, entity, stamp, rows)

    def scrub(self) -> None:
        """Give back the space of states that were taken out."""
        with self._explained():
            for entity in ENTITIES:
                for name in ("states", "tails"):
                    self._connection().execute(f"VACUUM {self._table(name, entity)}")

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _put(self, connection: Any, entity: str, stamp: Stamp, rows: Iterable[Packed]) -> None:
        states, tails = self._table("states", entity), self._table("tails", entity)
        connection.execute(
            "CREATE TEMPORARY TABLE fresh (key text, id bigint, mark bigint, base bytea, tail bytea) ON COMMIT DROP"
        )
        connection.execute("ALTER TABLE fresh ALTER base SET STORAGE EXTERNAL, ALTER tail SET STORAGE EXTERNAL")
        with connection.cursor().copy("COPY fresh FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["text", "int8", "int8", "bytea", "bytea"])
            for row in rows:
                copy.write_row(row)
        for statement in (
            f"DELETE FROM {states} s USING fresh f WHERE f.base IS NOT NULL AND s.id = f.id",  # noqa: S608
            f"DELETE FROM {states} s USING fresh f WHERE f.base IS NOT NULL AND s.key = f.key",  # noqa: S608
            f"INSERT INTO {states} (id, key, mark, base, written) "  # noqa: S608
            f"SELECT id, key, mark, base, {stamp.token} FROM fresh WHERE base IS NOT NULL",
            f"DELETE FROM {tails} t USING fresh f WHERE t.id = f.id",  # noqa: S608
            f"INSERT INTO {tails} SELECT id, tail FROM fresh WHERE tail IS NOT NULL",  # noqa: S608
            "DROP TABLE fresh",
        ):
            connection.execute(statement)
        stamps = f"{self._prefix}_stamps"
        connection.execute(f"DELETE FROM {stamps} WHERE entity = %s", (entity,))  # noqa: S608
        values = (entity, *astuple(stamp))
        connection.execute(f"INSERT INTO {stamps} VALUES (%s, %s, %s, %s, %s, %s, %s)", values)  # noqa: S608

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The answer of one statement; a connection that was lost meanwhile is opened again once."""
        known = getattr(self._local, "connection", None)
        with self._explained():
            connection = self._connection()
            try:
                return list(connection.execute(statement, parameters, binary=True).fetchall())
            except self._psycopg.OperationalError:
                if known is None or not connection.broken:
                    raise
            return list(self._connection().execute(statement, parameters, binary=True).fetchall())

    @contextmanager
    def _transaction(self, entity: str, after: int) -> Iterator[Any]:
        with self._explained():
            connection = self._connection()
            with connection.transaction():
                connection.execute(f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
                connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, f"{self._prefix}.{entity}"))
                found = connection.execute(
                    f"SELECT token FROM {self._prefix}_stamps WHERE entity = %s",  # noqa: S608
                    (entity,),
                ).fetchone()
                if (0 if found is None else found[0]) != after:
                    raise OvertakenError(entity)
                yield connection

    def _connection(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is not None and not connection.closed and not connection.broken:
            return connection
        secret: dict[str, Any] = {"password": self._password} if self._password else {}
        connection = self._psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=READ_SECONDS * 1_000,
            **secret,
        )
        connection.execute(f"SET statement_timeout = '{READ_SECONDS}s'")
        self._prepare(connection)
        self._local.connection = connection
        with self._lock:
            self._open.append(connection)
        return connection

    def _prepare(self, connection: Any) -> None:
        """Make the tables, and the columns of earlier ones, that are missing."""
        names = [self._table("states", entity) for entity in ENTITIES]
        missing = (
            "SELECT count(*) FROM unnest(%s::text[]) name LEFT JOIN pg_attribute a "
            "ON a.attrelid = to_regclass(name) AND a.attname = 'written' WHERE a.attname IS NULL"
        )
        if not connection.execute(missing, (names,)).fetchone()[0]:
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, self._prefix))
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {self._prefix}_stamps (entity text PRIMARY KEY, token bigint NOT NULL, "
                "layout text NOT NULL, texts text NOT NULL, watermark bigint NOT NULL, "
                "materialized_at bigint NOT NULL, as_of bigint)"
            )
            for entity in ENTITIES:
                states, tails = self._table("states", entity), self._table("tails", entity)
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {states} (id bigint PRIMARY KEY, key text NOT NULL UNIQUE, "
                    "mark bigint NOT NULL, base bytea NOT NULL, written bigint NOT NULL)"
                )
                connection.execute(f"ALTER TABLE {states} ADD COLUMN IF NOT EXISTS written bigint NOT NULL DEFAULT 0")
                connection.execute(f"CREATE TABLE IF NOT EXISTS {tails} (id bigint PRIMARY KEY, tail bytea NOT NULL)")
                connection.execute(f"ALTER TABLE {states} ALTER COLUMN base SET STORAGE EXTERNAL")

    def _table(self, name: str, entity: str) -> str:
        return f"{self._prefix}_{name}_{entity}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._psycopg.Error as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise OnlineStoreError(
                f"the online store {shown(self._url)} does not answer ({said}); a PostgreSQL database is expected "
                "there; start it, or mend RAPPORT_ONLINE_URL"
            ) from error
