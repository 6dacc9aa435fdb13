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
from scoring.items import Items, Neighbours
from scoring.profile import describe
from scoring.ranker import Bonds
from scoring.recommendation import ITEMS, KINDS, LOG, TRAITS, TREES
from training import hashes, recommender_months, recommender_words
from training.declared import declarations_sha256
from training.recipes import BEST_SELLERS
from training.recommender_grading import Verdict, verdict
from training.recommender_grading import grade as graded
from training.spec import Context

if TYPE_CHECKING:
    from training.recommending import Lesson, Recommender


def candidate(spec: Recommender, context: Context, lesson: Lesson, refs: tuple[str, ...]) -> Candidate:
    """The candidate of a lesson; ``seconds`` is 0, the caller knows the time."""
    found = verdict(lesson.marks, lesson.last.customers, seed=context.seed) if lesson.last else None
    figures = found.figures if found else {}
    naive, metrics = (found.naive, found.metrics) if found else (Naive(BEST_SELLERS, {}), {})
    level, why = grade(lesson, found)
    made_from = _made_from(context, lesson, refs)
    first = lesson.stages.first
    first = replace(first, items=dress(first.items, context.records))
    named = replace(lesson, stages=replace(lesson.stages, first=first))
    drawn = recommender_words.pictures(spec, figures)
    card = recommender_words.card(spec, lesson, figures, naive.rule, level, why, drawn)
    model = _write(
        spec,
        context,
        named,
        refs,
        card,
        made_from,
        {"grade": level, "grade_reasons": why, "naive": naive.to_json(), "metrics": _plain(metrics)},
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
        params={"seed": context.seed, "commit": hashes.commit(), **lesson.stages.recipe.to_json()},
        parity=_parity(model, lesson),
        evidence=_evidence(lesson, found),
        tables={
            "tried": {name: dict(means) for name, means in lesson.tried.items()},
            "judged": {name: _plain(source) for name, source in figures.items()},
            "months": recommender_months.table(lesson.months),
        },
        pictures=drawn,
    )


def _made_from(context: Context, lesson: Lesson, refs: tuple[str, ...]) -> dict[str, str]:
    """Hashes of all that decides what is learned."""
    return {
        "data": lesson.data,
        "spine": lesson.data,
        "code": hashes.code_sha256(),
        "settings": json_sha256({"seed": context.seed}),
        "declarations": declarations_sha256(context.store.declarations(refs)),
    }


def grade(lesson: Lesson, found: Verdict | None) -> tuple[Grade, list[str]]:
    """The grade, and a sentence for each number; the first says how the grade follows."""
    if found is None:
        return "D", ["nothing could be judged", lesson.reason]
    months = lesson.months
    level, why = graded(found, recommender_months.lost(months, found.rival))
    own, naive = found.figures["chosen"], found.naive.metrics
    return level, [
        why,
        f"gain: NDCG@10 {own['ndcg_10'].value:.3f} against {naive['ndcg_10'].value:.3f} of {found.rival}, "
        f"{recommender_words.span(found.gain)}",
        f"new items: NDCG@10 {own['ndcg_10_new'].value:.3f} against {naive['ndcg_10_new'].value:.3f} of "
        f"{BEST_SELLERS}, {recommender_words.span(found.gain_new)}",
        f"the best single source on new items is {found.source}: NDCG@10 "
        f"{found.figures[found.source]['ndcg_10_new'].value:.3f}, {recommender_words.span(found.gain_source)}",
        recommender_months.stability(months, found.rival),
        recommender_months.drift(months),
        f"data: {lesson.purchases:,} purchases, {found.judged:,} customers judged",
        lesson.reason,
    ]


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
    ranker = lesson.stages.first
    artefact = write(
        context.candidates_dir / spec.name,
        kind=spec.kind,
        name=spec.name,
        entity=spec.entity,
        refs=refs,
        files={
            ITEMS: ranker.items.to_parquet(),
            _file(ranker.bonds): _bytes(ranker.bonds),
            **_second(lesson),
            "policy.json": _policy(lesson),
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


def _file(bonds: Bonds, source: str = "") -> str:
    name = next(name for name, kind in KINDS.items() if isinstance(bonds, kind))
    return f"{source}_{name}" if source else name


def _bytes(bonds: Bonds) -> bytes:
    return bonds.to_parquet() if isinstance(bonds, Neighbours) else bonds.to_safetensors()


def _second(lesson: Lesson) -> dict[str, bytes | str]:
    """The files of the second stage, where there is one."""
    second = lesson.stages.second
    if second is None or lesson.trees is None:
        return {}
    bonds = {name: source.bonds for name, source in second.candidates.sources.items()}
    return {
        TRAITS: second.candidates.traits.to_parquet(),
        TREES: lesson.trees.text,
        **{_file(held, name): _bytes(held) for name, held in bonds.items()},
    }


def _policy(lesson: Lesson) -> dict[str, Any]:
    recipe, second = lesson.stages.recipe, lesson.stages.second
    policy: dict[str, Any] = {"recipe": recipe.to_json(), "log": LOG, "words": recipe.words}
    if second is not None:
        policy["columns"] = list(second.candidates.columns)
        policy["sources"] = [
            {"name": name, "file": _file(source.bonds, name), "recipe": source.recipe.to_json()}
            for name, source in second.candidates.sources.items()
        ]
    return policy


def _scores(lesson: Lesson) -> Floats:
    """Best score of some customers among what is still sold: what the scores look like."""
    sold = lesson.stages.first.items.active
    return np.array([lesson.stages.scores(history)[sold].max(initial=0.0) for history in lesson.probe])


def _parity(model: RecommendationModel, lesson: Lesson) -> Parity:
    """Scores of the artefact as read back, against those of the arrays in memory, for some customers."""
    gaps = [np.abs(model.stages.scores(item) - lesson.stages.scores(item)) for item in lesson.probe]
    return Parity(len(gaps), max((float(np.nan_to_num(gap).max(initial=0.0)) for gap in gaps), default=0.0))


def _evidence(lesson: Lesson, found: Verdict | None) -> Evidence | None:
    if lesson.last is None or found is None:
        return None
    count = len(lesson.last.customers)
    return Evidence(
        entity="customer",
        ids=lesson.last.customers,
        as_of=np.full(count, lesson.last.at),
        y=np.zeros(count),
        score=lesson.marks["chosen"].ndcg,
        naive_score=lesson.marks[found.rival].ndcg,
    )


def _plain(metrics: Mapping[str, Metric]) -> dict[str, Any]:
    return {name: metric.to_json() for name, metric in metrics.items()}
