"""Values known too late: what a model would have seen, had it forgotten when things became known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.store import FeatureStore
from scoring import Leak
from training.rows import Rows

SAMPLE = 2_000  # rows that are looked at a second time
NAMED = 3  # features


@dataclass(frozen=True)
class Late:
    """Values that would be other ones with hindsight.

    Attributes
    ----------
    asked : int
        Values looked at.
    rows : mapping of str to int
        Rows that differ, by feature, most first.
    """

    asked: int
    rows: Mapping[str, int]

    def leak(self) -> Leak:
        """The same as a line of the audit; the number is that of the values."""
        count = sum(self.rows.values())
        finding = (
            f"{count:,} of {self.asked:,} values would be other ones, had what became known after the moment counted"
        )
        if count:
            first = [f"{ref} {rows:,}" for ref, rows in list(self.rows.items())[:NAMED]]
            more = f" and {len(self.rows) - NAMED} more" if len(self.rows) > NAMED else ""
            finding += f" (in {', '.join(first)}{more}); it did not"
        return Leak("(values known later)", finding, float(count))


def late(store: FeatureStore, entity: str, rows: Rows, refs: Sequence[str], *, seed: int) -> Late:
    """Compute the features of some rows with and without what became known after their moments.

    Parameters
    ----------
    store : FeatureStore
    entity : str
    rows : Rows
        2,000 of them at most are looked at.
    refs : sequence of str
    seed : int
    """
    places = np.arange(len(rows))
    if len(rows) > SAMPLE:
        places = np.sort(np.random.default_rng(seed).choice(places, SAMPLE, replace=False))
    spine = pd.DataFrame({f"{entity}_id": rows.ids[places], "as_of": rows.as_of[places]})
    return Late(len(places) * len(refs), store.hindsight(refs, spine))
