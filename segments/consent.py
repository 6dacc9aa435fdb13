"""The consent gate: who of a segment may be contacted, and the only type in which a list can leave.

Erased, merged and retracted people, and those whose processing or profiling is restricted, are never released. For
everybody else the ledger of decisions counts (see `segments.decisions`), as it stands now: a refusal on record counts
even if its clock runs ahead of ours, and one of a party that was merged into another bars the one that stays. No
option, argument or setting switches the gate off, and a list is always judged at the present moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crm import Records, clock
from crm.merges import Root
from segments.decisions import NO_RECORD, Verdict, decide
from segments.ledger import standing

HINT = (
    "people without a recorded decision are left out; a source declares its basis in its mapping, with `basis: "
    "contract` and "
    "`covers: [{{purpose: {purpose}, channel: {channel}}}]`, or brings decisions in a `consents:` table, and is "
    "imported again"
)
_SEAL: Final = object()
_NOBODY = -1
_LIST = pa.schema({
    "customer_id": pa.int64(), "customer_no": pa.string(), "name": pa.string(), "country": pa.string(),
    "member_since": pa.int64(), "basis": pa.string(),
})  # fmt: skip


class Audience(Protocol):
    """What the gate must know of a segment."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def purpose(self) -> str:
        """What its people will be contacted for."""

    @property
    def channel(self) -> str:
        """How they will be contacted."""


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


def _judge(records: Records, people: pa.Table, purpose: str, channel: str, at: int, upto_seq: int) -> Verdict:
    parties = people["party_id"].fill_null(_NOBODY).to_numpy()
    asked, roots = set(parties.tolist()), records.merges().parties(upto_seq)
    merged = {party: root for party, root in roots.items() if root.party_id in asked}
    ledger = standing(
        records,
        "consents",
        ("party_id", "purpose", "channel", "decision", "basis", "occurred_at", "known_at", "op"),
        upto_seq,
        among="party_id",
        ids=np.unique(np.append(parties, np.array([*merged], np.int64))),
        where="v.purpose = :purpose and v.channel in (:channel, 'any')",
        parameters={"purpose": purpose, "channel": channel},
    )
    ledger = _no_later_refusals(ledger, at)
    verdict = decide(_with_merged(ledger, merged, purpose, channel, at), parties, purpose, channel, at)
    reason = _barred(people)
    free = np.array([item is None for item in reason], dtype=bool)
    allowed = verdict.allowed & free
    reason[free], verdict.basis[~allowed] = verdict.reason[free], None
    return Verdict(allowed, reason, verdict.basis)


def _no_later_refusals(ledger: pa.Table, at: int) -> pa.Table:
    """The decisions that stand, with refusals dated after `at` moved to it."""
    ledger = ledger.filter(pc.not_equal(ledger["op"], "retract"))
    refused = pc.not_equal(ledger["decision"], "granted")
    for name in ("occurred_at", "known_at"):
        moved = pc.if_else(refused, pc.min_element_wise(ledger[name], pa.scalar(at)), ledger[name])
        ledger = ledger.set_column(ledger.column_names.index(name), name, moved)
    return ledger


def _with_merged(ledger: pa.Table, merged: Mapping[int, Root], purpose: str, channel: str, at: int) -> pa.Table:
    """The ledger, in which what stands against a party that was merged stands against the one that stays as well.

    It counts from the merge on, so that only a consent given after it lifts it; a consent does not move.
    """
    if not merged:
        return ledger
    others = np.array([*merged], np.int64)
    reason = decide(ledger, others, purpose, channel, at).reason
    refusing = pa.array(
        [party for party, why in zip(others, reason, strict=True) if why != NO_RECORD and why], pa.int64()
    )
    refused = pc.and_(pc.is_in(ledger["party_id"], refusing), pc.not_equal(ledger["decision"], "granted"))
    rows = [
        row | {"party_id": root.party_id, "occurred_at": max(row["occurred_at"], min(root.since, at))}
        for row in ledger.filter(refused).to_pylist()
        for root in [merged[row["party_id"]]]
    ]
    return pa.concat_tables([ledger, pa.Table.from_pylist(rows, ledger.schema)])


def _people(records: Records, customers: NDArray[np.int64], upto_seq: int) -> pa.Table:
    """One row per customer, in the given order: what is known of the customer and, as ``party_…``, of the party."""
    wanted = ("id", "party_id", "op", "customer_no", "country")
    heads = standing(records, "customers_versions", wanted, upto_seq, among="id", ids=customers)
    heads = heads.take(pc.index_in(pa.array(customers, pa.int64()), heads["id"]))
    owners = heads["party_id"].drop_null().unique().to_numpy(zero_copy_only=False)
    wanted = ("id", "op", "status", "restricted_profiling_at", "display_name")
    parties = standing(records, "parties_versions", wanted, upto_seq, among="id", ids=owners)
    parties = parties.take(pc.index_in(heads["party_id"], parties["id"]))
    for name in wanted[1:]:
        heads = heads.append_column(f"party_{name}", parties[name])
    return heads.set_column(0, "customer_id", pa.array(customers, pa.int64()))


def _barred(people: pa.Table) -> NDArray[Any]:
    """Why each person is never released, whatever was consented; None for those who may be."""
    status = np.array(people["party_status"].fill_null("erased").to_pylist(), dtype=object)
    gone = pc.or_(pc.equal(people["op"], "retract"), pc.equal(people["party_op"], "retract")).fill_null(False)
    restricted = people["party_restricted_profiling_at"].is_valid().to_numpy()
    reason = np.full(len(status), None, dtype=object)
    reason[restricted] = "profiling_restricted"
    reason[gone.to_numpy()] = "retracted"
    shut = np.isin(status.astype(str), ("erased", "merged", "restricted"))
    reason[shut] = status[shut]
    return reason


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
    records: Records, segment: Audience, members: NDArray[np.int64], since: NDArray[np.int64], as_of: int
) -> ReleasedList:
    """Let the members who may be contacted out, judged now.

    Parameters
    ----------
    segment : Audience
        Name, purpose and channel.
    members, since : array of int64
        Customer ids, and the moment at which each entered the segment (µs).
    as_of : int
        Moment of the membership; it does not change what the gate knows.
    """
    at, upto_seq = clock.now(), records.watermark()
    people = _people(records, members, upto_seq)
    verdict = _judge(records, people, segment.purpose, segment.channel, at, upto_seq)
    found = {
        "customer_id": people["customer_id"],
        "customer_no": people["customer_no"],
        "name": people["party_display_name"],
        "country": people["country"],
        "member_since": pa.array(since, pa.int64()),
        "basis": pa.array(verdict.basis, pa.string()),
    }
    return ReleasedList(
        _SEAL,
        segment=segment.name,
        purpose=segment.purpose,
        channel=segment.channel,
        as_of=as_of,
        at=at,
        upto_seq=upto_seq,
        rows=pa.table(found).filter(pa.array(verdict.allowed)).cast(_LIST),
        suppressed=MappingProxyType(verdict.suppressed()),
    )
