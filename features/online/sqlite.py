"""The embedded online store: one SQLite file, one table per kind of entity."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from features.entity import ENTITIES
from features.errors import OnlineStoreError
from features.online.protocol import Packed, Stamp

FIELDS = ("layout", "layout_id", "texts", "watermark", "materialized_at", "as_of")


class SQLiteStore:
    """Packed states in a SQLite file; every thread has a connection of its own.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._writes = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS stamps (entity TEXT PRIMARY KEY, layout TEXT NOT NULL, "
                "layout_id INTEGER NOT NULL, texts TEXT NOT NULL, watermark INTEGER NOT NULL, "
                "materialized_at INTEGER NOT NULL, as_of INTEGER)"
            )
            for entity in ENTITIES:
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {_table(entity)} "
                    "(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, state BLOB NOT NULL)"
                )

    def stamp(self, entity: str) -> Stamp | None:
        """What is there of an entity; None before the first materialization."""
        with self._explained():
            found = self._connection().execute(f"SELECT {', '.join(FIELDS)} FROM stamps WHERE entity = ?", (entity,))  # noqa: S608 - our own names
            row = found.fetchone()
        return None if row is None else Stamp(*row)

    def token(self) -> object:
        """SQLite's own data version of this thread's connection."""
        connection = self._connection()
        # a connection's own writes leave its data version as it was
        return id(connection), self._writes, connection.execute("PRAGMA data_version").fetchone()[0]

    def replace(self, entity: str, stamp: Stamp, rows: Iterable[Packed]) -> None:
        """Put `rows` in place of all that is there, in one transaction."""
        with self._transaction() as connection:
            connection.execute(f"DELETE FROM {_table(entity)}")  # noqa: S608 - our own names
            self._put(connection, entity, stamp, rows)

    def update(self, entity: str, stamp: Stamp, rows: Iterable[Packed], removed: Iterable[int]) -> None:
        """Put in some rows and take out some ids, in one transaction."""
        with self._transaction() as connection:
            connection.executemany(f"DELETE FROM {_table(entity)} WHERE id = ?", ((item,) for item in removed))  # noqa: S608
            self._put(connection, entity, stamp, rows)

    def _put(self, connection: sqlite3.Connection, entity: str, stamp: Stamp, rows: Iterable[Packed]) -> None:
        connection.executemany(f"INSERT OR REPLACE INTO {_table(entity)} (key, id, state) VALUES (?, ?, ?)", rows)  # noqa: S608
        connection.execute(
            "INSERT OR REPLACE INTO stamps VALUES (?, ?, ?, ?, ?, ?, ?)",
            (entity, *(getattr(stamp, name) for name in FIELDS)),
        )

    def read(self, entity: str, keys: Sequence[str]) -> list[tuple[int, bytes] | None]:
        """Id and packed state for each key, in order; None where there is none."""
        with self._explained():
            connection = self._connection()
            if len(keys) == 1:
                return [connection.execute(f"SELECT id, state FROM {_table(entity)} WHERE key = ?", keys).fetchone()]  # noqa: S608
            found = connection.execute(
                f"SELECT key, id, state FROM {_table(entity)} WHERE key IN (SELECT value FROM json_each(?))",  # noqa: S608
                (json.dumps(list(keys)),),
            )
            states = {key: (number, state) for key, number, state in found}
        return [states.get(key) for key in keys]

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with self._explained():
                connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("PRAGMA mmap_size=268435456")
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        with self._explained():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            self._writes += 1

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OnlineStoreError(
                f"the online store {self.path} does not answer ({error}); a SQLite file that can be read and written "
                "is expected; mend RAPPORT_ONLINE_URL, or remove the file and materialize again"
            ) from error


def _table(entity: str) -> str:
    return f"states_{entity}"
