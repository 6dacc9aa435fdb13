"""EASE and iALS beside `implicit` on film ratings: `python -m benchmarks.recommenders` appends to quality.jsonl.

A film that somebody gave four stars or more is wanted. Two protocols, every film ranked and none seen twice: ``time``
(yearly moments for all customers, the year after is to be foretold) and ``fold`` (whole customers held back, the last
fifth of each one's films is to be foretold). The platform's own search chooses each side's settings by the mean over
several parts that are not judged: the first years, or the first folds, each foretold by the others of them.
`implicit`'s factors begin where iALS does and meet the same values.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from training.recommender_grading import mean
from training.recommenders import NEIGHBOURS, Basket, gather
from training.refining import STEPS, refine
from training.trials import DAY, bonds

FOLDER = DATA / "movielens_latest_small"
IMPLICIT = Path(__file__).parent / ".implicit"
PINS = ("implicit==0.7.*",)
LIKED = 4.0
YEARS, CHOOSING = range(2000, 2019), 9  # on the first nine, settings are chosen
FOLDS, CHOOSING_FOLDS = 5, 3
DEPTH = 10

OURS: Mapping[str, Recipe] = {
    "EASE": Recipe("ease", "never", regularisation=200.0),
    "iALS": Recipe("ials", "never", regularisation=30.0, dimensions=48, confidence=2.0, rounds=15),
    "item-kNN": Recipe("knn", "never"),
}
"""Where each search begins; item-kNN has nothing to be searched."""
ASKED = ("EASE", "iALS")  # of which none may be behind; item-kNN is shown beside them
THEIRS: Mapping[str, str] = {"EASE": "iALS", "iALS": "iALS", "item-kNN": "item-kNN"}
"""Whose start and values the reference beside each of ours has: `implicit`'s factors, or its cosine of items."""


@dataclass(frozen=True)
class Part:
    """What was known, whose films are to be completed, and what they liked afterwards."""

    basket: Basket
    customers: Any
    histories: Sequence[History]
    wanted: Any


@dataclass(frozen=True)
class Trial:
    """Parts on which settings are chosen, and parts that are judged with them."""

    chosen_on: Sequence[Part]
    judged: Sequence[Part]


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


def by_time(every: Purchases) -> Trial:
    """One moment for all customers, year by year."""
    parts: list[Part] = []
    for year in YEARS:
        at = int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
        past = every.seen_at(at)
        part = part_of(past, past, every.between(at, at + 365 * DAY, as_of=2**62), at)
        if part is not None:
            parts.append(part)
    return Trial(parts[:CHOOSING], parts[CHOOSING:])


def by_fold(every: Purchases) -> Trial:
    """Whole customers held back; of each the first four fifths are shown."""
    order = np.argsort(every.customer, kind="stable")  # rows rise in time within a customer
    start = np.searchsorted(every.customer[order], every.customer)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    size = np.bincount(every.customer)[every.customer]
    is_late = place - start >= 0.8 * size
    fold_of = every.customer % FOLDS
    at = int(every.occurred_at.max()) + 1

    def held(fold: int, told: Sequence[int]) -> Part | None:
        out = fold_of == fold
        return part_of(every.take(np.isin(fold_of, told)), every.take(out & ~is_late), every.take(out & is_late), at)

    def parts(folds: range, within: range) -> list[Part]:
        found = [held(fold, [other for other in within if other != fold]) for fold in folds]
        return [part for part in found if part]

    choosing, whole = range(CHOOSING_FOLDS), range(FOLDS)
    return Trial(parts(choosing, choosing), parts(whole[CHOOSING_FOLDS:], whole))


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
    """The marks of what `implicit` has for one of our recipes, with its settings."""
    setting: dict[str, Any] = {"kind": "cosine", "neighbours": NEIGHBOURS + 1}  # it counts an item among its own
    if recipe.explore == "ials":
        setting = {
            "kind": "als",
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


Marked = Callable[[Sequence[Part], Recipe], list[Floats]]


def chosen(marks: Marked, start: Recipe, trial: Trial) -> tuple[Floats, Recipe]:
    """The marks of what is judged, with the settings that did best in the mean of the parts beside it."""
    best = refine(start, lambda recipe: float(np.concatenate(marks(trial.chosen_on, recipe)).mean()))
    return np.concatenate(marks(trial.judged, best)), best


def compared(protocol: str, trial: Trial) -> Iterator[dict[str, Any]]:
    """Rows of ``quality.jsonl``: ours with `implicit` as the rule beside it, and the paired difference."""
    customers = np.concatenate([part.customers for part in trial.judged])
    reference = {name: chosen(theirs, OURS[name], trial) for name in sorted(set(THEIRS.values()))}
    for name, start in OURS.items():
        own, best = chosen(ours, start, trial)
        beside, settings = reference[THEIRS[name]]
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
                "beside": f"{PINS[0]} {THEIRS[name]}",
                "settings": _settings(best),
                "beside_settings": _settings(settings),
                "customers": len(np.unique(customers)),
            }


def _settings(recipe: Recipe) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name, _ in STEPS.get(recipe.explore, ())}


PROTOCOLS: Mapping[str, Callable[[Purchases], Trial]] = {"time": by_time, "fold": by_fold}


def told(gain: Mapping[str, Any]) -> str:
    """What a paired difference with its 95 % interval says.

    Examples
    --------
    >>> [told({"low": low, "high": low + 0.01}) for low in (0.001, -0.004, -0.02)]
    ['ahead', 'cannot be told apart', 'behind']
    """
    if gain["low"] > 0:
        return "ahead"
    return "behind" if gain["high"] < 0 else "cannot be told apart"


def main() -> int:
    """Both protocols; 0 when none that is `ASKED` is proven to be behind."""
    if not FOLDER.exists():
        print(f"the data is not at {FOLDER}; the published data sets are expected beside the project; put them there")
        return 2
    every, verdicts = liked(), []
    for protocol, cut in PROTOCOLS.items():
        for row in compared(protocol, cut(every)):
            with RESULTS.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
            if row["metric"] == "gain" and row["model"] in ASKED:
                verdicts.append(told(row))
            print(f"{protocol:<6}{row['model']:<10}{_line(row)}", flush=True)
    return int("behind" in verdicts)


def _line(row: Mapping[str, Any]) -> str:
    """A row in words: the mean with its interval, what stands beside it, or what the difference says."""
    spread = f"{row['metric']:<8} {row['value']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"
    if row["metric"] == "gain":
        return f"{spread}  {told(row)}"
    return f"{spread}  {row['beside']} {row['naive']:.4f}; settings {row['settings']}, {row['beside_settings']}"


if __name__ == "__main__":
    sys.exit(main())
