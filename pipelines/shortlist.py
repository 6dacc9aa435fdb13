"""The list of the best: so many rows of the latest scores, the threshold that this implies, and what it should earn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crm.records import NUMBERS
from pipelines.score import Scored, ScoringError
from pipelines.workspace import Workspace
from scoring import BinaryModel
from training.policies import Costs

SCORES = """
SELECT e.{entity}_no AS {entity}_no, s.score, s.band
FROM scores s JOIN {table} e ON e.id = s.{entity}_id
WHERE s.model = :model AND s.model_version = :version AND s.occurred_at = :at AND s.score IS NOT NULL
  AND s.op <> 'retract' AND s.version = (SELECT max(version) FROM scores o WHERE o.id = s.id)
ORDER BY s.score DESC, e.id
"""


@dataclass(frozen=True)
class Shortlist:
    """The rows with the highest scores of one batch.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``<entity>_no``, ``score``, ``band``; the best first.
    asked, of : int
        Length asked for, and rows that could have been listed.
    threshold : float
        Score of the last row: the threshold that the length implies.
    expected : float
        What acting on the list should earn, in units of the costs.
    pays : int
        Rows for whom acting pays, whose list would earn `most`.
    most : float
    pays_from : float
        The threshold from which on acting pays.
    costs : str
        In words.
    """

    rows: pd.DataFrame
    asked: int
    of: int
    threshold: float
    expected: float
    pays: int
    most: float
    pays_from: float
    costs: str

    def to_json(self) -> dict[str, Any]:
        """What ``score --top --json`` prints as ``top``."""
        return vars(self) | {"rows": self.rows.to_dict("records")}

    def lines(self) -> list[str]:
        """Two sentences for people."""
        short = f" (only {self.of:,} were scored)" if self.of < self.asked else ""
        return [
            f"The best {len(self.rows):,} of {self.of:,}{short}: scores from {self.threshold:.3f} on; acting on them "
            f"should earn {self.expected:,.1f} ({self.costs}).",
            f"By profit alone: acting pays from {self.pays_from:.3f} on, which {self.pays:,} reach; it should earn "
            f"{self.most:,.1f}.",
        ]


def check_size(size: int, model: object) -> None:
    """Refuse a length that no list can have, and models that give no probability; before anything is scored.

    Raises
    ------
    ScoringError
    """
    if size < 1:
        raise ScoringError(f"a list of {size} was asked for; a whole number from 1 on is expected; correct --top")
    if not isinstance(model, BinaryModel):
        raise ScoringError(
            f"{getattr(model, 'name', model)!r} gives no probability, so it has no list of the best; a yes-or-no model "
            "is expected; leave --top out"
        )


def shortlist(workspace: Workspace, scored: Scored, size: int) -> Shortlist:
    """The best of a batch that was just written, by the costs that are stated now, else by those of the version."""
    _, model = workspace.registry.load(scored.model)
    sql = SCORES.format(entity=model.entity, table=NUMBERS[model.entity])
    given = {"model": scored.model, "version": scored.version, "at": scored.as_of}
    found: pd.DataFrame = workspace.records.query(sql, given).to_pandas()
    costs = workspace.training.stated_costs(scored.model) or Costs(
        **model.policy["costs"], words=str(model.policy["threshold_words"])
    )
    gains = found["score"].to_numpy(np.float64) * costs.gain * costs.success - costs.action
    listed, pays = found.head(size), found["score"].to_numpy() >= costs.threshold
    return Shortlist(
        rows=listed,
        asked=size,
        of=len(found),
        threshold=float(listed["score"].iloc[-1]),
        expected=float(gains[:size].sum()),
        pays=int(pays.sum()),
        most=float(gains[pays].sum()),
        pays_from=costs.threshold,
        costs=costs.words,
    )
