"""What models said, as relations: the latest batch of each."""

from __future__ import annotations

from dataclasses import dataclass

from crm.clock import short
from reports.reading import Reading


@dataclass(frozen=True)
class Batch:
    """The latest batch of a model: its version, its moment (µs), its rows."""

    model: str
    version: str
    as_of: int
    rows: int

    @property
    def said(self) -> str:
        """Where the numbers come from, in words."""
        return f"{self.model} version {self.version} as of {short(self.as_of)}"


def batch(reading: Reading, model: str, table: str = "scores") -> Batch | None:
    """Make the latest batch of a model the relation ``batch``; None if it has none.

    Of several versions that answered as of the same moment the one whose rows arrived last counts. A report as of an
    earlier moment takes the batch that was latest then.
    """
    moment = "" if reading.given is None else " and s.occurred_at <= :as_of"
    parameters: dict[str, object] = (
        {"model": model} if reading.given is None else {"model": model, "as_of": reading.given}
    )
    latest = f"select max(s.occurred_at) from {table} s where s.model = :model and s.op <> 'retract'{moment}"  # noqa: S608 - ours
    found = reading.records.query(
        f"select * from {table} t where t.model = :model and t.occurred_at = ({latest}) and t.op <> 'retract' "  # noqa: S608 - same
        f"and t.version = (select max(n.version) from {table} n where n.id = t.id)",
        parameters,
    )
    if not found.num_rows:
        return None
    reading.put("arrived_batch", found)
    reading.run(
        "create or replace table batch as select * from arrived_batch where model_version = "
        "(select arg_max(model_version, seq) from arrived_batch)"
    )
    one = reading.ask(
        "select any_value(model_version) as version, any_value(occurred_at) as as_of, count(*) as n from batch"
    )[0]
    return Batch(model, str(one["version"]), int(one["as_of"]), int(one["n"]))
