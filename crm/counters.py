"""Numbers for new rows, taken inside the transaction that uses them, so that their order is that of commits."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from crm.connections import Connection
from crm.schema import Base

COUNTERS = Base.metadata.tables["counters"]
ARRIVAL = "arrival"


class Counters:
    """The counters as one transaction sees them; the first use waits for every other writer to finish.

    Parameters
    ----------
    connection : Connection
        Inside a transaction.

    Notes
    -----
    The update takes SQLite's write lock, or PostgreSQL's row lock, before anything is read: writers
    queue here and each sees what the one before it committed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        table = COUNTERS.c
        connection.execute(update(COUNTERS).where(table.name == ARRIVAL).values(value=table.value))
        self._stored: dict[str, int] = dict(connection.rows(select(table.name, table.value)))
        self._values = dict(self._stored)

    def last(self, name: str) -> int:
        """The last number given out."""
        return int(self._values.get(name, 0))

    def advance(self, name: str, to: int) -> None:
        """Record that numbers up to `to` are taken."""
        self._values[name] = to

    def save(self) -> None:
        """Write what changed."""
        for name, value in self._values.items():
            if name not in self._stored:
                self._connection.execute(insert(COUNTERS).values(name=name, value=value))
            elif value != self._stored[name]:
                self._connection.execute(update(COUNTERS).where(COUNTERS.c.name == name).values(value=value))
        self._stored = dict(self._values)
