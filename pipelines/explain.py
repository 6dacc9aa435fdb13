"""Why somebody has a score: the reasons, and the rows of the records behind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from configs.errors import RapportError
from crm import clock
from features import FeatureError
from pipelines.score import frame_at
from pipelines.workspace import Workspace
from scoring import BinaryModel
from scoring.reasons import Reason

NOTHING = 5e-4
"""Log-odds that three places do not show."""


class ExplainError(RapportError):
    """The score of this model or somebody cannot be explained."""


@dataclass(frozen=True)
class Explained:
    """One score with what is behind it.

    Attributes
    ----------
    model, version, id : str
    as_of : int
        Microseconds.
    score : float
    band : str or None
    is_eligible : bool
        Whether the model may score this one.
    base : float
        Log-odds before any reason; with all effects it adds up to the score's.
    log_odds : float
        Those of the score.
    reasons : sequence of Reason
        Strongest first.
    rows : mapping of str to pa.Table
        By reference: the newest rows that made the value; absent where it is a formula over several sources.
    counts : mapping of str to int
        By reference: how many rows made it in all.
    """

    model: str
    version: str
    id: str
    as_of: int
    score: float
    band: str | None
    is_eligible: bool
    base: float
    log_odds: float
    reasons: Sequence[Reason]
    rows: dict[str, pa.Table]
    counts: dict[str, int]

    def sum_words(self) -> str:
        """How base and effects add up to the score, or that some are not told; in log-odds."""
        told = sum(item.effect for item in self.reasons)
        rest = self.log_odds - self.base - told
        others = "" if abs(rest) < NOTHING else f", reasons that are not listed {rest:+.3f}"
        return (
            "The number behind a reason is what it adds to the log-odds of the score: base "
            f"{self.base:+.3f}, reasons listed {told:+.3f}{others}, in all {self.log_odds:+.3f}, which is a "
            f"probability of {self.score:.3f}."
        )

    def to_json(self) -> dict[str, Any]:
        """What ``explain --json`` prints; moments in ISO form."""
        return {
            "model": self.model,
            "version": self.version,
            "id": self.id,
            "as_of": clock.iso(self.as_of),
            "score": self.score,
            "band": self.band,
            "eligible": self.is_eligible,
            "base": self.base,
            "log_odds": self.log_odds,
            "reasons": [
                vars(item) | {"rows": shown(self.rows[item.feature]), "row_count": self.counts[item.feature]}
                if item.feature in self.rows
                else vars(item)
                for item in self.reasons
            ],
        }


def explain(
    workspace: Workspace, name: str, number: str, *, as_of: int | None = None, most: int | None = 5, rows: int = 5
) -> Explained:
    """Explain the score that the champion of `name` gives somebody.

    Parameters
    ----------
    number : str
        ``customer_no``, ``lead_no``, …
    as_of : int, optional
        Moment (µs); default: the end of the sources in use.
    most : int or None
        Reasons at most; None tells all, which with the base add up to the score's log-odds.
    rows : int
        Rows behind each of them, at most.

    Raises
    ------
    RapportError
        If the model is unknown or has no champion, gives no probability, or nobody has the number.
    """
    workspace.check_model(name)
    version, model = workspace.registry.load(name)
    if not isinstance(model, BinaryModel):
        raise ExplainError(
            f"{name!r} gives no probability that reasons could add up to; a yes-or-no model is expected; "
            "name one, such as churn"
        )
    workspace.features.refresh(progress=workspace.progress)
    at = workspace.as_of(model).micros if as_of is None else as_of
    ids = workspace.features.ids(model.entity, [number])
    workspace.features.refuse_merged(model.entity, [number], at, workspace.records.merges())
    frame = frame_at(workspace, model, ids, at)
    score = model.predict(frame)
    reasons = model.explain(frame, most)[0]
    behind: dict[str, pa.Table] = {}
    counts: dict[str, int] = {}
    for ref in [item.feature for item in reasons if item.feature]:
        try:
            table = workspace.features.explain(ref, number, at)
        except FeatureError:  # a formula over several sources has no rows of its own
            continue
        behind[ref], counts[ref] = table.slice(max(0, table.num_rows - rows)), table.num_rows
    return Explained(
        name,
        version.version,
        number,
        at,
        float(score[0]),
        model.bands(score)[0],
        bool(np.asarray(model.eligible(frame))[0]),
        model.base,
        model.base + sum(item.effect for item in model.explain(frame)[0]),
        reasons,
        behind,
        counts,
    )


def shown(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as plain values without what is empty; moments in ISO form."""
    found = []
    for row in table.to_pylist():
        kept = {key: value for key, value in row.items() if value is not None and value == value}
        found.append({key: _plain(value) for key, value in kept.items()})
    return found


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return clock.iso(clock.to_micros(value))
    return value.isoformat() if isinstance(value, date) else value
