"""EASE and iALS beside `implicit` on film ratings: `python -m benchmarks.recommenders` appends to quality.jsonl.

A film that somebody gave four stars or more is wanted. Two protocols, every film ranked and none seen twice: ``time``
(yearly moments for all customers, the year after is to be foretold) and ``fold`` (whole customers held back, the last
fifth of each one's films is to be foretold). Each side's settings are chosen on the first years, or the first fold, by
the platform's own search; `implicit`'s factors meet the same values as iALS.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

from benchmarks.quality import DATA, RESULTS
from scoring import Floats
from scoring.ranker import History, Ranker, Recipe
from training.purchases import Purchases
from training.ranking_metrics import ndcg, top
from training.recommender_grading import ENOUGH, MARGIN, mean
from training.recommenders import Basket, gather
from training.refining import STEPS, refine
from training.trials import DAY, bonds

FOLDER = DATA / "movielens_latest_small"
IMPLICIT = Path(__file__).parent / ".implicit"
PINS = ("implicit==0.7.*",)
LIKED = 4.0
YEARS, CHOOSING = range(2000, 2019), 9  # on the first nine, settings are chosen
FOLDS, FIRST = 5, 1
DEPTH = 10

OURS: Mapping[str, Recipe] = {
    "EASE": Recipe("ease", "never", regularisation=200.0),
    "iALS": Recipe("ials", "never", regularisation=30.0, dimensions=48, confidence=2.0, rounds=4),
}
"""Where each search begins."""
THEIRS = replace(OURS["iALS"], rounds=15)  # as iALS, with the rounds that `implicit` has by default; the same values


@dataclass(frozen=True)
class Part:
    """What was known, whose films are to be completed, and what they liked afterwards."""

    basket: Basket
    customers: Any
    histories: Sequence[History]
    wanted: Any


def implicit() -> Path:
    """The interpreter of an environment that holds `implicit`, made on first use."""
    python, ready = IMPLICIT / "bin" / "python", IMPLICIT / ".ready"
    if not ready.exists():
        venv.create(IMPLICIT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS], check=True)
        ready.touch()
    return python


def liked() -> Purchases:
    """Who liked which film when."""
    path = FOLDER / "ratings.csv"
    with path.open("rb") if path.exists() else gzip.open(f"{path}.gz") as file:
        rows = pd.read_csv(file)
    rows = rows[rows["rating"] >= LIKED].sort_values(["timestamp", "userId", "movieId"])
    at = rows["timestamp"].to_numpy(np.int64) * 1_000_000
    never = np.full(len(rows), 2**63 - 1)
    return Purchases(rows["userId"].to_numpy(np.int64), rows["movieId"].to_numpy(np.int64), at, at, never)


def part_of(known: Purchases, shown: Purchases, later: Purchases, at: int) -> Part | None:
    """What `shown` customers liked later, among the items of `known`; None where nobody did."""
    basket = gather(known, at, recent_days=365)
    later = later.take((basket.items.codes(later.product) >= 0) & np.isin(later.customer, shown.customer))
    customers = np.unique(later.customer)
    if not len(customers):
        return None
    own = [shown.take(shown.customer == customer) for customer in customers]
    histories = [History.of(basket.items, item.product, item.occurred_at, at) for item in own]
    wanted = np.zeros((len(customers), len(basket.items)), dtype=bool)
    wanted[np.searchsorted(customers, later.customer), basket.items.codes(later.product)] = True
    kept = np.array([len(history.codes) > 0 for history in histories])
    return Part(basket, customers[kept], [item for item in histories if len(item.codes)], wanted[kept])


def by_time(every: Purchases) -> Iterator[Part]:
    """One moment for all customers, year by year."""
    for year in YEARS:
        at = int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
        past = every.seen_at(at)
        part = part_of(past, past, every.between(at, at + 365 * DAY, as_of=2**62), at)
        if part is not None:
            yield part


def by_fold(every: Purchases) -> Iterator[Part]:
    """Whole customers held back; of each the first four fifths are shown."""
    order = np.argsort(every.customer, kind="stable")  # rows rise in time within a customer
    start = np.searchsorted(every.customer[order], every.customer)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    size = np.bincount(every.customer)[every.customer]
    is_late = place - start >= 0.8 * size
    at = int(every.occurred_at.max()) + 1
    for fold in range(FOLDS):
        out = every.customer % FOLDS == fold
        part = part_of(every.take(~out), every.take(out & ~is_late), every.take(out & is_late), at)
        if part is not None:
            yield part


def marked(part: Part, scores: Floats) -> Floats:
    """NDCG@10 of each customer, what was seen before left out."""
    for row, history in enumerate(part.histories):
        scores[row, history.codes] = -np.inf
    return ndcg(top(scores, DEPTH), part.wanted, DEPTH)


def ours(parts: Sequence[Part], recipe: Recipe) -> list[Floats]:
    """Our marks with one setting."""
    rankers = [Ranker(part.basket.items, bonds(part.basket, recipe), recipe) for part in parts]
    told = zip(parts, rankers, strict=True)
    return [marked(part, np.stack([ranker.scores(item) for item in part.histories])) for part, ranker in told]


def theirs(parts: Sequence[Part], recipe: Recipe) -> list[Floats]:
    """The marks of `implicit`'s factors with the settings of one of our recipes."""
    setting = {
        "factors": recipe.dimensions,
        "iterations": recipe.rounds,
        "regularization": recipe.regularisation,
        "alpha": 1.0 + (recipe.confidence or 0.0),  # implicit counts what was bought `alpha` times, we one more
    }
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate(parts):
            np.savez(Path(folder) / f"{number}.npz", **_told(part))
        words = [implicit(), Path(__file__).parent / "implicit_side.py", folder, json.dumps(setting)]
        subprocess.run([*map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        scores = [np.load(Path(folder) / f"{number}.npy").astype(np.float64) for number in range(len(parts))]
    return [marked(part, found) for part, found in zip(parts, scores, strict=True)]


def _told(part: Part) -> dict[str, Any]:
    """Who bought what, and whose items are to be completed, as plain arrays."""
    row = np.repeat(np.arange(len(part.histories)), [len(history.codes) for history in part.histories])
    asked = scipy.sparse.coo_matrix(
        (np.ones(len(row)), (row, np.concatenate([history.codes for history in part.histories]))),
        shape=(len(part.histories), len(part.basket.items)),
    )
    told: dict[str, Any] = {}
    for name, matrix in (("bought", part.basket.bought.tocoo()), ("asked", asked)):
        told |= {f"{name}_row": matrix.row, f"{name}_column": matrix.col, f"{name}_shape": np.array(matrix.shape)}
    return told


def chosen(
    marks: Callable[[Sequence[Part], Recipe], list[Floats]], start: Recipe, parts: Sequence[Part], first: int
) -> tuple[Floats, Recipe]:
    """The marks after the `first` parts, with the settings that did best on those, and the settings."""
    best = refine(start, lambda recipe: float(np.concatenate(marks(parts[:first], recipe)).mean()))
    return np.concatenate(marks(parts[first:], best)), best


def compared(protocol: str, parts: Sequence[Part], first: int) -> Iterator[dict[str, Any]]:
    """Rows of ``quality.jsonl``: ours with `implicit` as the rule beside it, and the paired difference."""
    customers = np.concatenate([part.customers for part in parts[first:]])
    beside, settings = chosen(theirs, THEIRS, parts, first)
    for name, start in OURS.items():
        own, best = chosen(ours, start, parts, first)
        for metric, values, rule in (("ndcg_10", own, float(beside.mean())), ("gain", own - beside, None)):
            yield {
                "data": FOLDER.name,
                "task": "recommendation",
                "protocol": protocol,
                "metric": metric,
                **mean(values, customers, 1).to_json(),
                "naive": rule,
                "grade": None,
                "model": name,
                "beside": PINS[0],
                "settings": _settings(best),
                "beside_settings": _settings(settings),
                "customers": len(np.unique(customers)),
            }


def _settings(recipe: Recipe) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name, _ in STEPS[recipe.explore]}


PROTOCOLS: Mapping[str, tuple[Callable[[Purchases], Iterator[Part]], int]] = {
    "time": (by_time, CHOOSING),
    "fold": (by_fold, FIRST),
}


def is_behind(row: Mapping[str, Any]) -> bool:
    """Whether a row is a gain below nothing, or one that may be below by more than `MARGIN`.

    The second is asked of `ENOUGH` customers and more; an interval of fewer is wider than that either way.

    Examples
    --------
    >>> [is_behind({"metric": "gain", "value": 0.001, "low": -0.02, "customers": count}) for count in (68, 480)]
    [False, True]
    """
    if row["metric"] != "gain":
        return False
    return bool(row["value"] < 0 or (row["customers"] >= ENOUGH and row["low"] < -MARGIN))


def main() -> int:
    """Both protocols; 0 when none of ours `is_behind`."""
    if not FOLDER.exists():
        print(f"the data is not at {FOLDER}; the published data sets are expected beside the project; put them there")
        return 2
    every, lost = liked(), False
    for protocol, (cut, first) in PROTOCOLS.items():
        for row in compared(protocol, list(cut(every)), first):
            with RESULTS.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
            beside = "" if row["naive"] is None else f"  implicit {row['naive']:.4f}"
            spread = f"({row['low']:.4f} to {row['high']:.4f})"
            if row["metric"] == "ndcg_10":
                print(f"{protocol:<6}{row['model']:<6}{row['settings']}, implicit {row['beside_settings']}")
            print(f"{protocol:<6}{row['model']:<6}{row['metric']:<8} {row['value']:.4f} {spread}{beside}", flush=True)
            lost |= is_behind(row)
    return int(lost)


if __name__ == "__main__":
    sys.exit(main())
