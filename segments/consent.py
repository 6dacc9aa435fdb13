"""The consent gate: who of a segment may be contacted, and the only type in which a list can leave.

The rules, strictest first:

* Erased, merged and retracted people, and those whose processing or profiling is restricted, are never released.
* Without a recorded decision for the purpose and the channel (or for any channel) nobody is released.
* A refusal (denied, withdrawn) is lifted only by a later consent of the person (basis ``consent``), never by a basis that
  the company declares for itself; a refusal for one channel only by a consent for that channel.
* When a refusal and a grant carry the same moment, the refusal counts; a refusal on record counts even if its clock runs
  ahead of ours.

No option, argument or setting switches the gate off, and a list is always judged at the present moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm import Records, clock
from segments.ledger import standing

NO_RECORD = "no_consent_record"
HINT = (
    "people without a recorded decision are left out; a source declares its basis in its mapping, with `basis: contract` and "
    "`covers: [{{purpose: {purpose}, channel: {channel}}}]`, or brings decisions in a `consents:` table, and is imported again"
)
_NEVER = np.iinfo(np.int64).min
_SEAL: Final = object()
_LIST = {
    "customer_id": pa.int64(), "customer_no": pa.string(), "name": pa.string(), "country": pa.string(),
    "member_since": pa.int64(), "basis": pa.string(),
}


@dataclass(frozen=True)
class Verdict:
    """Who may be contacted.

    Attributes
    ----------
    allowed : array of bool
    reason : array of str or None
        Why not; None where allowed.
    basis : array of str or None
        The basis of the decision that allows it.
    """

    allowed: NDArray[np.bool_]
    reason: NDArray[Any]
    basis: NDArray[Any]

    def suppressed(self) -> dict[str, int]:
        """How many are left out, by reason."""
        reasons, counts = np.unique(self.reason[~self.allowed].astype(str), return_counts=True)
        return dict(zip(reasons.tolist(), counts.tolist(), strict=True))


def decide(consents: pa.Table, parties: NDArray[np.int64], purpose: str, channel: str, at: int) -> Verdict:
    """What the ledger of decisions says about each party as of a moment; a pure function.

    Parameters
    ----------
    consents : pa.Table
        Columns party_id int64, purpose, channel, decision, basis string, occurred_at, known_at int64 (µs); one row per
        decision (its last version, not retracted), in any order.
    parties : array of int64
        Whom to judge; may repeat.
    purpose, channel : str
    at : int
        Decisions after this moment do not count yet; those at it do.

    Examples
    --------
    >>> row = {"party_id": 1, "purpose": "marketing", "channel": "any", "decision": "granted", "basis": "contract",
    ...        "occurred_at": 5, "known_at": 5}
    >>> verdict = decide(pa.Table.from_pylist([row]), np.array([1, 2]), "marketing", "email", 10)
    >>> verdict.allowed.tolist(), verdict.reason.tolist()
    ([True, False], [None, 'no_consent_record'])
    """
    known, place = np.unique(parties, return_inverse=True)
    rows = _Rows(consents, known, purpose, channel, at)
    refused_here, refused = rows.latest(~rows.granted & rows.here), rows.latest(~rows.granted)
    consent = rows.granted & rows.consent
    consented_here, consented = rows.latest(consent & rows.here), rows.latest(consent)
    granted, basis = rows.latest(rows.granted), rows.last_text("basis", rows.granted)
    stands = ((refused_here > _NEVER) & (consented_here <= refused_here)) | ((refused > _NEVER) & (consented <= refused))
    allowed = (granted > _NEVER) & ~stands
    reason = np.where(stands, rows.last_text("decision", ~rows.granted), NO_RECORD).astype(object)
    reason[allowed], basis[~allowed] = None, None
    return Verdict(allowed[place], reason[place], basis[place])


class _Rows:
    """The decisions that count, in time order, refusals after grants of the same moment."""

    def __init__(self, consents: pa.Table, parties: NDArray[np.int64], purpose: str, channel: str, at: int) -> None:
        self.parties = len(parties)
        who, when = consents["party_id"].to_numpy(), consents["occurred_at"].to_numpy()
        texts = {name: np.array(consents[name].to_pylist(), dtype=object) for name in ("purpose", "channel", "decision", "basis")}
        seen = (texts["purpose"] == purpose) & np.isin(who, parties) & (when <= at) & (consents["known_at"].to_numpy() <= at)
        seen &= (texts["channel"] == channel) | (texts["channel"] == "any")
        order = np.flatnonzero(seen)
        order = order[np.lexsort((texts["decision"][order] != "granted", when[order]))]
        self.place, self.when = np.searchsorted(parties, who[order]), when[order]
        self.texts = {name: column[order] for name, column in texts.items()}
        self.granted, self.here = self.texts["decision"] == "granted", self.texts["channel"] == channel
        self.consent = self.texts["basis"] == "consent"

    def latest(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The last moment of the chosen rows for each party."""
        found = np.full(self.parties, _NEVER, dtype=np.int64)
        np.maximum.at(found, self.place[which], self.when[which])
        return found

    def last_text(self, name: str, which: NDArray[np.bool_]) -> NDArray[Any]:
        """The text of the last chosen row for each party; rows stand in time order, so the last one stays."""
        found = np.full(self.parties, None, dtype=object)
        found[self.place[which]] = self.texts[name][which]
        return found


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


def _judge(records: Records, people: list[dict[str, Any]], purpose: str, channel: str, at: int, upto_seq: int) -> Verdict:
    parties = np.array([row["party_id"] for row in people], dtype=np.int64)
    columns = ("party_id", "purpose", "channel", "decision", "basis", "occurred_at", "known_at", "op")
    ledger = standing(
        records, "consents", columns, upto_seq, among="party_id", ids=parties,
        where="v.purpose = :purpose and v.channel in (:channel, 'any')", parameters={"purpose": purpose, "channel": channel},
    )
    verdict = decide(_no_later_refusals(ledger, at), parties, purpose, channel, at)
    barred = np.array([_barred(row) for row in people], dtype=object)
    free = np.array([item is None for item in barred], dtype=bool)
    allowed = verdict.allowed & free
    return Verdict(allowed, np.where(free, verdict.reason, barred), np.where(allowed, verdict.basis, None))


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
        records, "customers_versions", ("id", "party_id", "op", "customer_no", "country"), upto_seq, among="id", ids=customers
    )
    found = {row["id"]: row for row in heads.to_pylist()}
    parties = standing(
        records, "parties_versions", ("id", "status", "restricted_profiling_at", "display_name", "op"), upto_seq,
        among="id", ids=np.unique(np.array([row["party_id"] for row in found.values()], dtype=np.int64)),
    )
    party = {row["id"]: row for row in parties.to_pylist()}
    nobody = {"party_id": -1, "op": "retract", "customer_no": None, "country": None}
    people = []
    for customer in customers.tolist():
        head = found.get(customer, nobody)
        whose = party.get(head["party_id"], {"status": "erased", "restricted_profiling_at": None, "display_name": None, "op": "retract"})
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
        Columns customer_id int64, customer_no, name, country string, member_since int64 (µs), basis string; by customer_id.
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

    def __init__(self, seal: object, **parts: Any) -> None:
        if seal is not _SEAL:
            raise TypeError("a list of people is made by the consent gate only; call Segments.export, members or stream")
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
        (row["customer_id"], row["customer_no"], row["party"]["display_name"], row["country"], members[row["customer_id"]], basis)
        for row, allowed, basis in zip(people, verdict.allowed, verdict.basis, strict=True)
        if allowed
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(_LIST)
    table = pa.table([pa.array(column, kind) for column, kind in zip(columns, _LIST.values(), strict=True)], names=list(_LIST))
    return ReleasedList(
        _SEAL, segment=segment, purpose=purpose, channel=channel, as_of=as_of, at=at, upto_seq=upto_seq, rows=table,
        suppressed=verdict.suppressed(),
    )
