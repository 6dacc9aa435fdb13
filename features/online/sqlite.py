"""The embedded online store: one SQLite file; for each kind of entity a table of bases and one of tails."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from functools import cache
from itertools import chain
from pathlib import Path

from features.entity import ENTITIES
from features.errors import OnlineStoreError
from features.kernel.program import Ints
from features.online.protocol import LARGE, Large, OvertakenError, Packed, Stamp, State, chunks

FORMAT = 3  # of the tables; a file of another one is emptied, and materialized anew
CHUNK = 1_024  # rows handed to SQLite at a time,
TOGETHER = 64  # so many in one statement, which takes two thirds of the time
PAGE = 16_384  # bytes: most states fit on one page
CACHE_KB = 16_384
BUSY_SECONDS = 30  # a writer waits so long for another one


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
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as connection:
            _prepare(connection)

    def stamp(self, entity: str) -> Stamp | None:
        """What is there of an entity; None before the first materialization."""
        with self._explained():
            row = self._connection().execute("SELECT * FROM stamps WHERE entity = ?", (entity,)).fetchone()
        return None if row is None else Stamp(*row[1:])

    def read(self, entity: str, keys: Sequence[str]) -> tuple[int, list[State | None]]:
        """The token of the stamp (0: none), and the state of each key in order (None: none), all of one moment."""
        try:
            if len(keys) == 1:
                row = self._cursor().execute(_one(entity), (LARGE, keys[0])).fetchone()
                if row is not None:
                    return row[0], [_state(keys[0], *row[1:])]
            rows = self._cursor().execute(_many(entity), (LARGE, json.dumps(["", *keys]))).fetchall()
        except sqlite3.Error as error:
            raise self._down(error) from error
        found: list[State | None] = [None] * len(rows)
        for _, place, key, written, base, tail in rows:
            if written is not None:
                found[place] = _state(key, written, base, tail)
        return rows[0][0], found[1:]

    def base(self, entity: str, name: Large) -> bytes | None:
        """A large base; None when it is another by now."""
        asked = f"SELECT base FROM states_{entity} WHERE key = ? AND written = ?"  # noqa: S608 - our own names
        with self._explained():
            row = self._connection().execute(asked, name).fetchone()
        return None if row is None else row[0]

    def marks(self, entity: str, ids: Ints) -> dict[int, tuple[int, str]]:
        """The mark of its base, and the number, of each id that is there."""
        asked = f"SELECT id, mark, key FROM states_{entity} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own names
        with self._explained():
            found = self._connection().execute(asked, (json.dumps(ids.tolist()),))
            return {number: (mark, key) for number, mark, key in found}

    def replace(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed]) -> None:
        """Put `rows` in place of all that is there, in one transaction."""
        with self._transaction() as connection:
            _follow(connection, entity, after, stamp)
            for name in ("states", "tails"):
                connection.execute(f"DELETE FROM {name}_{entity}")  # noqa: S608 - our own names
            for part in chunks(rows, CHUNK):
                _put(connection, entity, stamp.token, part)

    def update(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed], removed: Iterable[int]) -> None:
        """Put in some rows and take out some ids, in one transaction."""
        with self._transaction() as connection:
            _follow(connection, entity, after, stamp)
            _cut(connection, entity, ("states", "tails"), removed)
            for part in chunks(rows, CHUNK):
                based = [row for row in part if row.base is not None]
                _cut(connection, entity, ("states",), (row.id for row in based))
                connection.executemany(
                    f"DELETE FROM states_{entity} WHERE key = ?",  # noqa: S608 - our own names
                    [(row.key,) for row in based],
                )
                _cut(connection, entity, ("tails",), (row.id for row in part))
                _put(connection, entity, stamp.token, part)

    def scrub(self) -> None:
        """Write the file anew, without free pages, and empty its journal."""
        connection = self._connection()
        try:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            raise self._down(error) from error

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _cursor(self) -> sqlite3.Cursor:
        """This thread's cursor for reading; making one takes as long as a short question."""
        try:
            cursor: sqlite3.Cursor = self._local.cursor
        except AttributeError:
            cursor = self._local.cursor = self._connection().cursor()
        return cursor

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with self._explained():
                connection = sqlite3.connect(
                    self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                connection.execute(f"PRAGMA page_size={PAGE}")
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("PRAGMA mmap_size=268435456")
                connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")
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

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._down(error) from error

    def _down(self, error: sqlite3.Error) -> OnlineStoreError:
        return OnlineStoreError(
            f"the online store {self.path} does not answer ({error}); a SQLite file that can be read and written "
            "is expected; mend RAPPORT_ONLINE_URL, or remove the file and materialize again"
        )


def _prepare(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            connection.execute(f"DROP TABLE {name}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS stamps (entity TEXT PRIMARY KEY, token INTEGER NOT NULL, layout TEXT NOT NULL, "
        "texts TEXT NOT NULL, watermark INTEGER NOT NULL, materialized_at INTEGER NOT NULL, as_of INTEGER)"
    )
    for entity in ENTITIES:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS states_{entity} "
            "(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, mark INTEGER NOT NULL, "
            "written INTEGER NOT NULL, base BLOB NOT NULL)"
        )
        connection.execute(f"CREATE TABLE IF NOT EXISTS tails_{entity} (id INTEGER PRIMARY KEY, tail BLOB NOT NULL)")


def _token(entity: str) -> str:
    return f"coalesce((SELECT token FROM stamps WHERE entity = '{entity}'), 0)"  # noqa: S608 - our own names


def _state(key: str, written: int, base: bytes | None, tail: bytes | None) -> State:
    return Large(key, written) if base is None else base, tail


@cache
def _one(entity: str) -> str:
    """The statement that reads one key: no row where there is none, no base where it is large."""
    return (
        f"SELECT {_token(entity)}, s.written, iif(length(s.base) <= ?, s.base, NULL), t.tail "  # noqa: S608
        f"FROM states_{entity} s LEFT JOIN tails_{entity} t ON t.id = s.id WHERE s.key = ?"
    )


@cache
def _many(entity: str) -> str:
    """The statement that reads a list of keys: a row for each with its place, no base where it is large."""
    # no ORDER BY, which would copy every state
    return (
        f"SELECT {_token(entity)}, k.key, s.key, s.written, iif(length(s.base) <= ?, s.base, NULL), t.tail "  # noqa: S608
        f"FROM json_each(?) k LEFT JOIN states_{entity} s ON s.key = k.value "
        f"LEFT JOIN tails_{entity} t ON t.id = s.id"
    )


def _follow(connection: sqlite3.Connection, entity: str, after: int, stamp: Stamp) -> None:
    """Put a new stamp in the place of the one from which the writer set out."""
    found = connection.execute("SELECT token FROM stamps WHERE entity = ?", (entity,)).fetchone()
    if (0 if found is None else found[0]) != after:
        raise OvertakenError(entity)
    connection.execute("INSERT OR REPLACE INTO stamps VALUES (?, ?, ?, ?, ?, ?, ?)", (entity, *astuple(stamp)))


def _cut(connection: sqlite3.Connection, entity: str, names: Iterable[str], ids: Iterable[int]) -> None:
    gone = [(number,) for number in ids]
    for name in names:
        connection.executemany(f"DELETE FROM {name}_{entity} WHERE id = ?", gone)  # noqa: S608 - our own names


def _put(connection: sqlite3.Connection, entity: str, written: int, part: list[Packed]) -> None:
    """Put in rows that are not there; to have SQLite replace others takes three times as long."""
    put = f"INSERT INTO states_{entity} (written, key, id, mark, base) VALUES "  # noqa: S608 - our own names
    one = f"({written}, ?, ?, ?, ?)"
    based = [row[:4] for row in part if row.base is not None]
    left = len(based) % TOGETHER
    for begin in range(left, len(based), TOGETHER):
        values = list(chain.from_iterable(based[begin : begin + TOGETHER]))
        connection.execute(put + ", ".join([one] * TOGETHER), values)
    connection.executemany(put + one, based[:left])
    tails = [(row.id, row.tail) for row in part if row.tail is not None]
    if tails:
        connection.executemany(f"INSERT INTO tails_{entity} VALUES (?, ?)", tails)  # noqa: S608
