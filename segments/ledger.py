"""Reading the records for segments: the versions that stand at an arrival number, and whom a segment held when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm import Records

FEW_IDS = 2_000  # up to so many ids a query names them, beyond it reads all and picks


def standing(
    records: Records,
    table: str,
    columns: Sequence[str],
    upto_seq: int,
    *,
    where: str = "true",
    among: str = "",
    ids: NDArray[np.int64] | None = None,
    parameters: Mapping[str, object] | None = None,
) -> pa.Table:
    """The last version of each row of a versioned table among those that had arrived by `upto_seq`.

    Parameters
    ----------
    records : Records
    table : str
        A fact table or ``<head>_versions``.
    columns : sequence of str
        What is wanted; retracted rows come too, told by ``op``.
    where : str
        A further condition on ``v``, with :named parameters.
    among, ids : str, array of int64
        Only rows whose column `among` is one of `ids`.
    """
    chosen = ", ".join(f"v.{name}" for name in columns)
    named = among and ids is not None and len(ids) <= FEW_IDS
    some = f" and v.{among} in ({', '.join(str(int(item)) for item in ids)})" if named and ids is not None else ""
    if named and ids is not None and not len(ids):
        some = " and false"
    newest = f"select max(n.version) from {table} n where n.id = v.id and n.seq <= :upto"  # noqa: S608 - our own names
    sql = f"select {chosen} from {table} v where v.seq <= :upto and v.version = ({newest}) and {where}{some}"  # noqa: S608 - same
    found = records.query(sql, {"upto": upto_seq, **(parameters or {})})
    if among and ids is not None and not named:
        found = found.filter(pa.array(np.isin(found[among].to_numpy(), ids)))
    return found


class Memberships:
    """Who entered and left one segment, as facts in time.

    Parameters
    ----------
    customer_id, occurred_at : array of int64
        One row per live fact; at most one per customer and moment.
    entered : array of bool
    """

    def __init__(
        self, customer_id: NDArray[np.int64], occurred_at: NDArray[np.int64], entered: NDArray[np.bool_]
    ) -> None:
        order = np.lexsort((occurred_at, customer_id))
        self.customer_id, self.occurred_at, self.entered = customer_id[order], occurred_at[order], entered[order]

    @classmethod
    def read(cls, records: Records, segment_id: int, upto_seq: int) -> Memberships:
        """The facts of one segment that had arrived by `upto_seq`."""
        found = standing(
            records,
            "segment_memberships",
            ("customer_id", "occurred_at", "change", "op"),
            upto_seq,
            where="v.segment_id = :segment",
            parameters={"segment": segment_id},
        )
        found = found.filter(pa.array([op != "retract" for op in found["op"].to_pylist()], pa.bool_()))
        entered = np.array([change == "enter" for change in found["change"].to_pylist()], dtype=bool)
        return cls(found["customer_id"].to_numpy(), found["occurred_at"].to_numpy(), entered)

    def at(self, moment: int, *, before: bool = False) -> NDArray[np.int64]:
        """Members as of a moment, ascending; `before` leaves out what happened at the moment itself.

        Examples
        --------
        >>> facts = Memberships(np.array([1, 2, 1]), np.array([10, 10, 20]), np.array([True, True, False]))
        >>> facts.at(10).tolist(), facts.at(20).tolist(), facts.at(20, before=True).tolist()
        ([1, 2], [2], [1, 2])
        """
        return self._last(moment, before)[0]

    def held(self, moment: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Members as of `moment`, ascending, and the moment at which each entered last."""
        return self._last(moment, False)

    def on(self, moment: int) -> dict[int, bool]:
        """What happened at exactly this moment: customer and whether he entered."""
        here = self.occurred_at == moment
        return dict(zip(self.customer_id[here].tolist(), self.entered[here].tolist(), strict=True))

    def _last(self, moment: int, before: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        seen = self.occurred_at < moment if before else self.occurred_at <= moment
        who, when, entered = self.customer_id[seen], self.occurred_at[seen], self.entered[seen]
        final = np.append(who[1:] != who[:-1], True)[: len(who)] & entered
        return who[final], when[final]
