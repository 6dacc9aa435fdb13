"""Membership as facts in time: what a build writes, so that every moment ever built stays true."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm import Records
from segments.ledger import Memberships

BUILT = "segment.build"


@dataclass(frozen=True)
class Build:
    """One build of a segment, as the audit log tells it."""

    as_of: int
    members: int
    added: int
    removed: int
    definition_sha256: str


def builds(records: Records, name: str | None = None) -> dict[str, list[Build]]:
    """All builds by segment, in the order in which they were made."""
    condition = "" if name is None else " and subject = :name"
    found = records.query(
        f"select subject, detail from audit_log where action = :action{condition} order by id",  # noqa: S608 - our own text
        {"action": BUILT} if name is None else {"action": BUILT, "name": name},
    )
    made: dict[str, list[Build]] = {}
    for row in found.to_pylist():
        detail: dict[str, Any] = json.loads(row["detail"])
        made.setdefault(row["subject"], []).append(Build(**{key: detail[key] for key in Build.__dataclass_fields__}))
    return made


def record(
    records: Records, name: str, segment_id: int, members: NDArray[np.int64], as_of: int, definition: str
) -> Build:
    """Make `members` the membership of a segment as of a moment, and tell the audit log.

    Only changes are written: who enters and who leaves at `as_of`. A build as of a moment that lies before other
    builds does not disturb them: the next later build's changes are adjusted, so that its membership stays. The same
    build again writes nothing.

    Returns
    -------
    Build
        With the changes since the membership just before `as_of`.
    """
    made = builds(records, name).get(name, [])
    facts = Memberships.read(records, segment_id, records.watermark())
    before, now = set(facts.at(as_of, before=True).tolist()), set(members.tolist())
    rows = _changes(name, facts, as_of, _difference(before, now))
    later = min((item.as_of for item in made if item.as_of > as_of), default=None)
    if later is not None:
        rows += _changes(name, facts, later, _difference(now, set(facts.at(later).tolist())))
    if rows:
        records.write({"segment_memberships": _table(rows, segment_id)})
    build = Build(as_of, len(now), len(now - before), len(before - now), definition)
    if not made or made[-1] != build:
        records.audit(BUILT, name, dict(build.__dict__))
    return build


def _difference(before: set[int], after: set[int]) -> dict[int, bool]:
    """Who enters (True) and who leaves (False)."""
    return dict.fromkeys(after - before, True) | dict.fromkeys(before - after, False)


def _changes(name: str, facts: Memberships, moment: int, wanted: dict[int, bool]) -> list[dict[str, Any]]:
    """The rows that turn what is written at a moment into what is wanted there."""
    there = facts.on(moment)
    rows = [
        {
            "source_key": f"{name}:{moment}:{customer}",
            "customer_id": customer,
            "occurred_at": moment,
            "op": "assert",
            "change": "enter" if entered else "leave",
        }
        for customer, entered in sorted(wanted.items())
        if there.get(customer) != entered
    ]
    gone = sorted(set(there) - set(wanted))
    rows += [
        {
            "source_key": f"{name}:{moment}:{customer}",
            "customer_id": customer,
            "occurred_at": moment,
            "op": "retract",
            "change": "enter" if there[customer] else "leave",
        }
        for customer in gone
    ]
    return rows


def _table(rows: list[dict[str, Any]], segment_id: int) -> pa.Table:
    kinds = {
        "source_key": pa.string(),
        "customer_id": pa.int64(),
        "occurred_at": pa.int64(),
        "op": pa.string(),
        "change": pa.string(),
    }
    table = pa.Table.from_pylist(rows, pa.schema(list(kinds.items())))
    return table.append_column("segment_id", pa.array([segment_id] * len(rows), pa.int64()))
