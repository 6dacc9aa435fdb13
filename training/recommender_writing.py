"""Writing a recommender down: artefact, grade, card and candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from crm.records import Records
from features.content import json_sha256
from scoring import Candidate, Evidence, Floats, Metric, Naive, Parity, RecommendationModel, load
from scoring.artefact import write
from scoring.candidate import Grade
from scoring.factors import Factors
from scoring.items import Items, Neighbours
from scoring.profile import describe
from scoring.recommendation import FACTORS, ITEMS, LOG, NEIGHBOURS
from training import hashes, recommender_words
from training.declared import declarations_sha256
from training.intervals import draws, interval
from training.spec import Context
from training.trials import Marks

if TYPE_CHECKING:
    from training.recommending import Lesson, Recommender

NAIVE = "best sellers"
ENOUGH = 200  # judged customers for the best grades


def candidate(spec: Recommender, context: Context, lesson: Lesson, refs: tuple[str, ...]) -> Candidate:
    """The candidate of a lesson; ``seconds`` is 0, the caller knows the time."""
    ids = lesson.last.customers if lesson.last else np.empty(0, dtype=np.int64)
    figures = {name: measured(marks, ids, seed=context.seed) for name, marks in lesson.marks.items()}
    own = figures.get("chosen", {})
    naive = Naive(NAIVE, figures.get(NAIVE, {}))
    lead = gain(lesson.marks["chosen"], lesson.marks[NAIVE], ids, seed=context.seed) if own else None
    metrics = dict(own) if lead is None else {**own, "gain": lead}
    level, why = grade(lesson, lead)
    made_from = {
        "data": lesson.data,
        "spine": lesson.data,
        "code": hashes.code_sha256(),
        "settings": json_sha256({"seed": context.seed}),
        "declarations": declarations_sha256(context.store.declarations(refs)),
    }
    named = replace(lesson, ranker=replace(lesson.ranker, items=dress(lesson.ranker.items, context.records)))
    card = recommender_words.card(spec, lesson, figures, level, why)
    model = _write(
        spec,
        context,
        named,
        refs,
        card,
        made_from,
        {
            "grade": level,
            "grade_reasons": why,
            "naive": naive.to_json(),
            "metrics": _plain(metrics),
        },
    )
    return Candidate(
        model=model,
        directory=model.artefact.path,
        metrics=metrics,
        naive=naive,
        protocol="time",
        protocol_note=recommender_words.protocol(lesson),
        rows=lesson.purchases,
        base_rate=None,
        grade=level,
        grade_reasons=why,
        rung=lesson.rung,
        card=card,
        hashes=made_from,
        as_of=lesson.as_of,
        seconds=0.0,
        params={"seed": context.seed, "commit": hashes.commit(), **lesson.ranker.recipe.to_json()},
        parity=_parity(model, lesson),
        evidence=_evidence(lesson),
        tables={
            "tried": {name: dict(means) for name, means in lesson.tried.items()},
            "judged": {name: _plain(found) for name, found in figures.items()},
        },
        pictures=recommender_words.pictures(spec, figures),
    )


def measured(marks: Marks, ids: Any, *, seed: int) -> dict[str, Metric]:
    """The figures of a recipe with their 95 % intervals, customers drawn anew."""
    return {
        "ndcg_10": _mean(marks.ndcg, ids, seed),
        "recall_20": _mean(marks.recall, ids, seed),
        "ndcg_10_new": _mean(marks.fresh, ids, seed),
    }


def gain(chosen: Marks, naive: Marks, ids: Any, *, seed: int) -> Metric:
    """By how much NDCG@10 exceeds the naive rule's, paired."""
    return _mean(chosen.ndcg - naive.ndcg, ids, seed)


def grade(lesson: Lesson, lead: Metric | None) -> tuple[Grade, list[str]]:
    """The grade, and a sentence for each number; the first says how the grade follows."""
    if lead is None or lesson.last is None:
        return "D", ["nothing could be judged", lesson.reason]
    chosen, naive = lesson.marks["chosen"].means(), lesson.marks[NAIVE].means()
    judged = len(lesson.last.customers)
    shown = [
        f"gain: NDCG@10 {chosen['ndcg_10']:.3f} against {naive['ndcg_10']:.3f} of {NAIVE}, "
        f"{recommender_words.span(lead)}",
        f"new items: NDCG@10 {chosen['ndcg_10_new']:.3f} against {naive['ndcg_10_new']:.3f}",
        f"data: {lesson.purchases:,} purchases, {judged:,} customers judged",
        lesson.reason,
    ]
    if (lead.low or 0.0) <= 0:
        return "D", [f"no better than {NAIVE}: the gain may be chance", *shown]
    if judged < ENOUGH:
        return "C", [f"better than {NAIVE}, judged on fewer than {ENOUGH} customers", *shown]
    if chosen["ndcg_10_new"] <= naive["ndcg_10_new"]:
        return "B", [f"better than {NAIVE} on all items, not on items new to the customer", *shown]
    return "A", [f"better than {NAIVE} on all items and on items new to the customer", *shown]


def dress(items: Items, records: Records) -> Items:
    """The items with their numbers, names, and whether they are still sold."""
    table = records.arrow("products", ["id", "product_no", "name", "status"])
    place = {key: row for row, key in enumerate(table["id"].to_pylist())}
    number, name, status = (table[column].to_pylist() for column in ("product_no", "name", "status"))
    keys = items.ids.tolist()
    rows = [place.get(key) for key in keys]
    numbers = tuple(str(key) if row is None else str(number[row]) for key, row in zip(keys, rows, strict=True))
    names = tuple(numbers[i] if row is None or not name[row] else str(name[row]) for i, row in enumerate(rows))
    active = np.array([row is None or status[row] == "active" for row in rows], dtype=bool)
    return replace(items, numbers=numbers, names=names, active=active)


def _write(
    spec: Recommender,
    context: Context,
    lesson: Lesson,
    refs: tuple[str, ...],
    card: str,
    made_from: Mapping[str, str],
    judged: Mapping[str, Any],
) -> RecommendationModel:
    ranker = lesson.ranker
    artefact = write(
        context.candidates_dir / spec.name,
        kind=spec.kind,
        name=spec.name,
        entity=spec.entity,
        refs=refs,
        files={
            ITEMS: ranker.items.to_parquet(),
            **_bonds(ranker.bonds),
            "policy.json": {"recipe": ranker.recipe.to_json(), "log": LOG, "words": ranker.recipe.words},
            "profile.json": {
                "rows": lesson.purchases,
                "as_of": lesson.as_of,
                "base_rate": None,
                "features": {},
                "score": describe(_scores(lesson), "float", has_zero_bin=False),
            },
            "card.md": card,
            "declarations.json": context.store.declarations(refs),
        },
        hashes=made_from,
        rung=lesson.rung,
        title=spec.title,
        protocol="time",
        as_of=lesson.as_of,
        rows=lesson.purchases,
        **judged,
    )
    model = load(artefact.path, sha256=artefact.sha256)
    assert isinstance(model, RecommendationModel)  # noqa: S101 - the kind was written above
    return model


def _bonds(bonds: Neighbours | Factors) -> dict[str, bytes]:
    if isinstance(bonds, Factors):
        return {FACTORS: bonds.to_safetensors()}
    return {NEIGHBOURS: bonds.to_parquet()}


def _scores(lesson: Lesson) -> Floats:
    """Best score of some customers among what is still sold: what the scores look like."""
    sold = lesson.ranker.items.active
    return np.array([lesson.ranker.scores(history)[sold].max(initial=0.0) for history in lesson.probe])


def _parity(model: RecommendationModel, lesson: Lesson) -> Parity:
    """Scores of the artefact as read back, against those of the arrays in memory, for some customers."""
    gaps = [np.abs(model.ranker.scores(item) - lesson.ranker.scores(item)) for item in lesson.probe]
    return Parity(len(gaps), max((float(np.nan_to_num(gap).max(initial=0.0)) for gap in gaps), default=0.0))


def _evidence(lesson: Lesson) -> Evidence | None:
    if lesson.last is None:
        return None
    count = len(lesson.last.customers)
    return Evidence(
        entity="customer",
        ids=lesson.last.customers,
        as_of=np.full(count, lesson.last.at),
        y=np.zeros(count),
        score=lesson.marks["chosen"].ndcg,
        naive_score=lesson.marks[NAIVE].ndcg,
    )


def _mean(values: Floats, ids: Any, seed: int) -> Metric:
    known = ~np.isnan(values)
    if not known.any():
        return Metric(0.0)
    drawn = np.concatenate(
        [
            weights @ values[known] / np.maximum(weights.sum(axis=1), 1.0)
            for weights in draws(ids[known], seed=seed, rounds=300)
        ]
    )
    return interval(float(values[known].mean()), drawn)


def _plain(metrics: Mapping[str, Metric]) -> dict[str, Any]:
    return {name: metric.to_json() for name, metric in metrics.items()}
