"""What a ledger of decisions allows: pure rules over rows, without a database.

Strictest first:

* Without a recorded decision for the purpose and the channel (or for any channel) nobody is released.
* A refusal (denied, withdrawn) is lifted only by a later consent of the person (basis ``consent``), never by a basis
  that the company declares for itself; a refusal for one channel only by a consent for that channel.
* When a refusal and a grant carry the same moment, the refusal counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

NO_RECORD = "no_consent_record"
_NEVER = np.iinfo(np.int64).min


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
    stands = ((refused_here > _NEVER) & (consented_here <= refused_here)) | (
        (refused > _NEVER) & (consented <= refused)
    )
    allowed = (granted > _NEVER) & ~stands
    reason = np.where(stands, rows.last_text("decision", ~rows.granted), NO_RECORD).astype(object)
    reason[allowed], basis[~allowed] = None, None
    return Verdict(allowed[place], reason[place], basis[place])


class _Rows:
    """The decisions that count, in time order, refusals after grants of the same moment."""

    def __init__(self, consents: pa.Table, parties: NDArray[np.int64], purpose: str, channel: str, at: int) -> None:
        self.parties = len(parties)
        who, when = consents["party_id"].to_numpy(), consents["occurred_at"].to_numpy()
        texts = {
            name: np.array(consents[name].to_pylist(), dtype=object)
            for name in ("purpose", "channel", "decision", "basis")
        }
        seen = (
            (texts["purpose"] == purpose)
            & np.isin(who, parties)
            & (when <= at)
            & (consents["known_at"].to_numpy() <= at)
        )
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
