"""The consent gate: who of a segment may be contacted, and the only type in which a list can leave.

Erased, merged and retracted people, and those whose processing or profiling is restricted, are never released. For
everybody else the ledger of decisions counts (see `segments.decisions`), as it stands now: a refusal on record counts
even if its clock runs ahead of ours. No option, argument or setting switches the gate off, and a list is always judged
at the present moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm import Records, clock
from segments.decisions import NO_RECORD, Verdict, decide
from segments.ledger import standing

HINT = (
    "people without a recorded decision are left out; a source declares its basis in its mapping, with `basis: "
    "contract` and "
    "`covers: [{{purpose: {purpose}, channel: {channel}}}]`, or brings decisions in a `consents:` table, and is "
    "imported again"
)
_SEAL: Final = object()
_LIST = {
    "customer_id": pa.int64(),
    "customer_no": pa.string(),
    "name": pa.string(),
    "country": pa.string(),
    "member_since": pa.int64(),
    "basis": pa.string(),
}


def gate(records: Records, customers: NDArray[np.int64], purpose: str, channel: str, at: int, upto_seq: int) -> Verdict:
    """Judge customers by the records that had arrived by `upto_seq`: what stands about their party, then `decide`.

    Parameters
    ----------
    customers : array of int64
        Customer ids.
    at : int
        The moment of the list (µs); refusals on record count even if they are dated after it.
    """
    return _judge(records, _people(records, customers, upto_seq), purpose, channel, at, upto_seq)


def _judge(
    records: Records, people: list[dict[str, Any]], purpose: str, channel: str, at: int, upto_seq: int
) -> Verdict:
    parties = np.array([row["party_id"] for row in people], dtype=np.int64)
    columns = ("party_id", "purpose", "channel", "decision", "basis", "occurred_at", "known_at", "op")
    ledger = standing(
        records,
        "consents",
        columns,
        upto_seq,
        among="party_id",
        ids=parties,
        where="v.purpose = :purpose and v.channel in (:channel, 'any')",
        parameters={"purpose": purpose, "channel": channel},
    )
    verdict = decide(_no_later_refusals(ledger, at), parties, purpose, channel, at)
    barred = np.array([_barred(row) for row in people], dtype=object)
    free = np.array([item is None for item in barred], dtype=bool)
    allowed = verdict.allowed & free
    barred[free], verdict.basis[~allowed] = verdict.reason[free], None
    return Verdict(allowed, barred, verdict.basis)


def _no_later_refusals(ledger: pa.Table, at: int) -> pa.Table:
    """The decisions that stand, with refusals dated after `at` moved to it."""
    rows = [row for row in ledger.to_pylist() if row.pop("op") != "retract"]
    for row in rows:
        if row["decision"] != "granted":
            row["occurred_at"], row["known_at"] = min(row["occurred_at"], at), min(row["known_at"], at)
    schema = pa.schema([field for field in ledger.schema if field.name != "op"])
    return pa.Table.from_pylist(rows, schema)


def _people(records: Records, customers: NDArray[np.int64], upto_seq: int) -> list[dict[str, Any]]:
    """One row per customer, in the given order: what is known of the customer and of the party."""
    heads = standing(
        records,
        "customers_versions",
        ("id", "party_id", "op", "customer_no", "country"),
        upto_seq,
        among="id",
        ids=customers,
    )
    found = {row["id"]: row for row in heads.to_pylist()}
    parties = standing(
        records,
        "parties_versions",
        ("id", "status", "restricted_profiling_at", "display_name", "op"),
        upto_seq,
        among="id",
        ids=np.unique(np.array([row["party_id"] for row in found.values()], dtype=np.int64)),
    )
    party = {row["id"]: row for row in parties.to_pylist()}
    nobody = {"party_id": -1, "op": "retract", "customer_no": None, "country": None}
    people = []
    for customer in customers.tolist():
        head = found.get(customer, nobody)
        whose = party.get(
            head["party_id"],
            {"status": "erased", "restricted_profiling_at": None, "display_name": None, "op": "retract"},
        )
        people.append({**head, "customer_id": customer, "party": whose})
    return people


def _barred(person: Mapping[str, Any]) -> str | None:
    """Why a person is never released, whatever was consented."""
    party = person["party"]
    if party["status"] in ("erased", "merged", "restricted"):
        return str(party["status"])
    if person["op"] == "retract" or party["op"] == "retract":
        return "retracted"
    return "profiling_restricted" if party["restricted_profiling_at"] is not None else None


class ReleasedList:
    """People of one segment who passed the gate; only `release` can make one.

    Attributes
    ----------
    segment, purpose, channel : str
    as_of : int
        Moment of the membership (µs).
    at, upto_seq : int
        Moment and arrival number by which the gate judged.
    rows : pa.Table
        Columns customer_id int64, customer_no, name, country string, member_since int64 (µs), basis string.
    suppressed : mapping of str to int
        Members left out, by reason.

    Examples
    --------
    >>> ReleasedList(None)
    Traceback (most recent call last):
    ...
    TypeError: a list of people is made by the consent gate only; call Segments.export, members or stream
    """

    __slots__ = ("as_of", "at", "channel", "purpose", "rows", "segment", "suppressed", "upto_seq")

    segment: str
    purpose: str
    channel: str
    as_of: int
    at: int
    upto_seq: int
    rows: pa.Table
    suppressed: Mapping[str, int]

    def __init__(self, seal: object, **parts: Any) -> None:
        if seal is not _SEAL:
            raise TypeError(
                "a list of people is made by the consent gate only; call Segments.export, members or stream"
            )
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a released list does not change; {name} stays as the gate left it")

    @property
    def hint(self) -> str | None:
        """How a source declares its basis, when members were left out for want of a record; else None."""
        return HINT.format(purpose=self.purpose, channel=self.channel) if NO_RECORD in self.suppressed else None


def release(
    records: Records, segment: str, purpose: str, channel: str, members: Mapping[int, int], as_of: int
) -> ReleasedList:
    """Let the members who may be contacted out, judged now.

    Parameters
    ----------
    members : mapping of int to int
        Customer id and the moment of entering the segment (µs).
    as_of : int
        Moment of the membership; it does not change what the gate knows.
    """
    at, upto_seq = clock.now(), records.watermark()
    people = _people(records, np.array(sorted(members), dtype=np.int64), upto_seq)
    verdict = _judge(records, people, purpose, channel, at, upto_seq)
    rows = [
        (
            row["customer_id"],
            row["customer_no"],
            row["party"]["display_name"],
            row["country"],
            members[row["customer_id"]],
            basis,
        )
        for row, allowed, basis in zip(people, verdict.allowed, verdict.basis, strict=True)
        if allowed
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(_LIST)
    table = pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, _LIST.values(), strict=True)], names=list(_LIST)
    )
    return ReleasedList(
        _SEAL,
        segment=segment,
        purpose=purpose,
        channel=channel,
        as_of=as_of,
        at=at,
        upto_seq=upto_seq,
        rows=table,
        suppressed=verdict.suppressed(),
    )
