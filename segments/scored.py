"""What models said about customers, read back from the records: the latest batch at or before a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm import Records
from segments.ledger import standing


@dataclass(frozen=True)
class Batch:
    """The scores of one model as of one moment, by ascending customer.

    Attributes
    ----------
    model, version : str
    as_of : int
        µs.
    customer_id : array of int64
    score : array of float64
        NaN where the model gives no number.
    band : array of str or None
    """

    model: str
    version: str
    as_of: int
    customer_id: NDArray[np.int64]
    score: NDArray[np.float64]
    band: NDArray[Any]

    def bands(self) -> list[str]:
        """The bands that occur."""
        return sorted({str(item) for item in self.band if item is not None})


def models(records: Records) -> list[str]:
    """The models that have scored customers."""
    found = records.query("select distinct model from scores where customer_id is not null order by model")
    return [str(item) for item in found["model"].to_pylist()]


def latest(records: Records, model: str, as_of: int) -> Batch | None:
    """The batch of `model` with the greatest as-of that is not after `as_of`; None if there is none.

    A score is a statement as of its own moment, so a batch as of exactly `as_of` counts, whenever it was computed. If
    several versions of the model scored at that moment, the one that arrived last counts.
    """
    upto = records.watermark()
    moment = records.query(
        "select max(occurred_at) as latest from scores where model = :model and customer_id is not null "
        "and occurred_at <= :as_of and op <> 'retract'",
        {"model": model, "as_of": as_of},
    )["latest"][0].as_py()
    if moment is None:
        return None
    rows = standing(
        records,
        "scores",
        ("customer_id", "score", "band", "model_version", "seq", "op"),
        upto,
        where="v.model = :model and v.occurred_at = :moment and v.customer_id is not null",
        parameters={"model": model, "moment": moment},
    ).to_pylist()
    live = sorted((row for row in rows if row["op"] != "retract"), key=lambda row: row["seq"])
    version = live[-1]["model_version"] if live else ""
    chosen = {row["customer_id"]: row for row in live if row["model_version"] == version}
    customers = np.array(sorted(chosen), dtype=np.int64)
    score = np.array([_number(chosen[item]["score"]) for item in customers.tolist()], dtype=np.float64)
    band = np.array([chosen[item]["band"] for item in customers.tolist()], dtype=object)
    return Batch(model, version, int(moment), customers, score, band)


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
