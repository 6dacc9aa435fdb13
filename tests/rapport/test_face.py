"""The platform as one object in Python: what it refuses, it refuses with the words of the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapport.face import load
from training import TrainingError


def test_a_backtest_of_no_length_or_no_cutoff_is_a_sentence(tmp_path: Path) -> None:
    with load(tmp_path) as r:
        for counts, told in (({"size": 0}, "size 0"), ({"size": -3}, "size -3"), ({"cutoffs": 0}, "cutoffs 0")):
            with pytest.raises(
                TrainingError, match=f"'churn' cannot be replayed with {told}; a whole number from 1 on"
            ):
                r.backtest("churn", **counts)
        with pytest.raises(TrainingError, match=r"'recommendation' cannot be replayed with cutoffs -1; a whole number"):
            r.backtest("recommendation", cutoffs=-1)
        with pytest.raises(TrainingError, match=r"'recommendation' cannot be replayed with 0 \(--size\)"):
            r.backtest("recommendation", size=0)
