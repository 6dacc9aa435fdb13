"""One row's score with its three strongest reasons in words; beside LightGBM's contributions alone."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case
from benchmarks.models import contributions, explained, of_model

case = Case(
    name="one_row_reasons",
    subject="score and reasons of one row, 40 columns, p50",
    baseline="Booster.predict(pred_contrib=True), p50",
    unit="s",
    n=1,
    target=0.003,
    repeats=3,
    prepare=partial(of_model, explained, contributions),
)
