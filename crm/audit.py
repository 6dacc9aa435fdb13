"""The audit log: who did what, each entry's hash covering the one before, so that a gap or an edit shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select

from crm import clock
from crm.connections import Connection
from crm.counters import Counters
from crm.errors import RecordsError
from crm.schema import Base

GENESIS = "0" * 64
_LOG = Base.metadata.tables["audit_log"]
_HASHED = ("id", "at", "actor", "action", "subject", "detail", "previous_hash")


def append(connection: Connection, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> None:
    """Write one entry in a transaction of its own."""
    with connection.transaction():
        add(connection, Counters(connection), actor, action, subject, detail)


def add(
    connection: Connection, counters: Counters, actor: str, action: str, subject: str, detail: Mapping[str, object]
) -> None:
    """Write one entry within a transaction that holds the counters, and save those."""
    number = counters.last("audit_log") + 1
    previous = connection.rows(select(_LOG.c.hash).where(_LOG.c.id == number - 1))
    entry: dict[str, Any] = {
        "id": number,
        "at": clock.now(),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, sort_keys=True, ensure_ascii=False, default=str),
        "previous_hash": previous[0][0] if previous else GENESIS,
    }
    connection.execute(insert(_LOG).values(**entry, hash=digest(entry)))
    counters.advance("audit_log", number)
    counters.save()


def digest(entry: Mapping[str, Any]) -> str:
    """The hash of an entry, over everything in it and the hash of the one before.

    Examples
    --------
    >>> digest(dict.fromkeys(("id", "at", "actor", "action", "subject", "detail", "previous_hash"), ""))[:8]
    '32c9a1ce'
    """
    return hashlib.sha256(json.dumps([entry[name] for name in _HASHED], ensure_ascii=False).encode()).hexdigest()


def verify(entries: Iterable[Mapping[str, Any]]) -> int:
    """Check the chain from its beginning.

    Parameters
    ----------
    entries : iterable of mappings
        Rows of ``audit_log`` in the order of their ids.

    Returns
    -------
    int
        How many entries there are.

    Raises
    ------
    RecordsError
        If an entry was changed, removed or put in; the sentence names the first one.
    """
    previous, count = GENESIS, 0
    for count, entry in enumerate(entries, start=1):
        if entry["id"] != count or entry["previous_hash"] != previous or entry["hash"] != digest(entry):
            raise RecordsError(
                f"the audit log is broken at entry {entry['id']}; an unbroken chain of hashes is expected; "
                "restore the records from a backup and find out who wrote to the database"
            )
        previous = entry["hash"]
    return count
