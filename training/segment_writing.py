"""Writing a segmentation down: artefact, grade, card and candidate."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from crm.clock import short
from features.content import json_sha256
from scoring import Candidate, Metric, Naive, Parity, SegmentationModel, load
from scoring.artefact import write
from scoring.candidate import Grade
from scoring.profile import describe
from training import bars, hashes, heats
from training.declared import declarations_sha256
from training.legends import shown
from training.periods import HORIZON_DAYS
from training.portraits import Portrait
from training.rows import Rows
from training.spec import Context
from training.study import Period

if TYPE_CHECKING:
    from training.segmenting import Lesson, Segmentation

ENOUGH_CUSTOMERS = 1_000


def candidate(spec: Segmentation, context: Context, lesson: Lesson) -> Candidate:
    """The candidate of a lesson; ``seconds`` is 0, the caller knows the time."""
    figures, beside = lesson.figures(seed=context.seed)
    naive = Naive(lesson.rule, beside)
    level, why = grade(lesson, figures)
    drawn = _pictures(spec, lesson)
    card = _card(spec, lesson, figures, naive, level, why, drawn)
    made_from = _made_from(spec, context, lesson)
    judged = {"grade": level, "grade_reasons": why, "naive": naive.to_json()}
    model = _write(spec, context, lesson, judged, card, made_from)
    sure = model.places(lesson.now.frame) == lesson.grouping.place(lesson.now.frame)
    return Candidate(
        model=model,
        directory=model.artefact.path,
        metrics=figures,
        naive=naive,
        protocol="time",
        protocol_note=_protocol(lesson),
        rows=len(lesson.first) if lesson.tried else len(lesson.now),
        base_rate=None,
        grade=level,
        grade_reasons=why,
        rung=lesson.rung,
        card=card,
        hashes=made_from,
        as_of=lesson.now.at,
        seconds=0.0,
        params={"rung": lesson.rung, "seed": context.seed, "segments": len(model.segments), "commit": hashes.commit()},
        parity=Parity(len(sure), float((~sure).sum())),
        evidence=lesson.evidence,
        training_set=lesson.training_set,
        tables=_tables(lesson),
        pictures=drawn,
    )


def _pictures(spec: Segmentation, lesson: Lesson) -> dict[str, bytes]:
    ordered = sorted(lesson.portrait.segments, key=lambda item: (-item.share, item.name))
    shares = {segment.name: segment.share for segment in ordered}
    pictures = bars.draw("segments", spec.title, "share of the customers", shares, form=".0%")
    later = {segment.name: segment.later for segment in ordered if segment.later is not None}
    if later:
        axis = f"mean spend in the next {HORIZON_DAYS} days"
        pictures |= bars.draw("later_spend", f"Later spend: {spec.title}", axis, later, form=",.0f")
    return pictures | _profiles(spec, lesson.portrait) | _migration(spec, lesson.portrait)


def _profiles(spec: Segmentation, portrait: Portrait) -> dict[str, bytes]:
    """In what the segments differ: their traits, largest segment on top."""
    ordered = sorted(portrait.segments, key=lambda item: (-item.share, item.name))
    rows = {segment.name: portrait.differences[segment.name] for segment in ordered}
    axis = "distance of the mean from everybody's, in standard deviations"
    return heats.draw("profiles", f"Profiles: {spec.title}", axis, rows, portrait.traits)


def _migration(spec: Segmentation, portrait: Portrait) -> dict[str, bytes]:
    """Where the customers of the champion's segments are now; nothing without champion."""
    moved = {name: row for name, row in portrait.migration.items() if sum(row.values())}
    if not moved:
        return {}
    rows = {name: [count / sum(row.values()) for count in row.values()] for name, row in moved.items()}
    axis = "from before (row) to now (column), share of the row"
    now = list(next(iter(moved.values())))
    return heats.draw("migration", f"Migration: {spec.title}", axis, rows, now, form=".0%", is_signed=False)


def grade(lesson: Lesson, figures: Mapping[str, Metric]) -> tuple[Grade, list[str]]:
    """The grade, and a sentence for each number; the first says how the grade follows."""
    if "explained" not in figures:
        return "D", ["there is no past period on which the segments could be judged", *lesson.reasons]
    explained = figures["explained"]
    shown = [
        f"worth: the segments foretell {_span(explained, percent=True)} of the spread of spending in the next "
        f"{HORIZON_DAYS} days",
        f"data: {len(lesson.first):,} customers learned from, {len(lesson.second):,} judged",
        *lesson.reasons,
    ]
    if (explained.low or 0.0) <= 0:
        return "D", ["no signal: what the segments foretell may be chance", *shown]
    if lesson.rung == "rule":
        return "C", ["the RFM rule itself answers", *shown]
    gain = figures["gain"]
    shown.insert(1, f"gain over the RFM rule: {_span(gain, percent=True)}")
    if (gain.low or 0.0) <= 0:
        return "C", ["the gain over the RFM rule may be chance", *shown]
    if len(lesson.first) < ENOUGH_CUSTOMERS:
        return "B", [f"better than the RFM rule, learned from fewer than {ENOUGH_CUSTOMERS:,} customers", *shown]
    return "A", ["stable, and better than the RFM rule", *shown]


def _write(
    spec: Segmentation, context: Context, lesson: Lesson, judged: Mapping[str, Any], card: str, made: Mapping[str, str]
) -> SegmentationModel:
    refs = tuple(sorted({*lesson.grouping.refs, *spec.population_refs}))
    segments = lesson.portrait.segments
    names = np.array([segments[place].name for place in lesson.grouping.place(lesson.now.frame)], dtype=object)
    artefact = write(
        context.candidates_dir / spec.name,
        kind=spec.kind,
        name=spec.name,
        entity=spec.entity,
        refs=refs,
        files={
            "segments.json": {"grouping": lesson.grouping.to_json(), "segments": [item.to_json() for item in segments]},
            "policy.json": {"population": spec.policy, "later": f"spend in the next {HORIZON_DAYS} days"},
            "profile.json": {
                "rows": len(lesson.now),
                "as_of": lesson.now.at,
                "base_rate": None,
                "features": {ref: describe(lesson.now.frame[ref], "float") for ref in refs},
                "score": describe(names, "category"),
            },
            "card.md": card,
            "declarations.json": context.store.declarations(refs),
        },
        hashes=made,
        rung=lesson.rung,
        title=spec.title,
        protocol="time",
        horizon_days=HORIZON_DAYS,
        as_of=lesson.now.at,
        rows=len(lesson.now),
        **judged,
    )
    model = load(artefact.path, sha256=artefact.sha256)
    assert isinstance(model, SegmentationModel)  # noqa: S101 - the kind was written above
    return model


def _made_from(spec: Segmentation, context: Context, lesson: Lesson) -> dict[str, str]:
    parts = [_rows(period) for period in lesson.periods]
    return {
        "data": _together(part.data_sha256() for part in parts),
        "spine": _together(part.spine_sha256() for part in parts),
        "code": hashes.code_sha256(),
        "settings": json_sha256({"seed": context.seed}),
        "declarations": declarations_sha256(context.store.declarations(spec.refs)),
        "training_set": lesson.training_set.sha256,
    }


def _rows(period: Period) -> Rows:
    return Rows(period.ids, np.full(len(period), period.at), period.later, period.frame)


def _together(digests: Any) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _protocol(lesson: Lesson) -> str:
    if lesson.tried is None:
        return f"learned as of {short(lesson.now.at)}; no past period could be judged"
    return (
        f"learned as of {short(lesson.first.at)} ({len(lesson.first):,} customers), judged by what "
        f"{len(lesson.second):,} customers spent in the {HORIZON_DAYS} days from {short(lesson.second.at)}, then "
        f"renewed as of {short(lesson.now.at)}"
    )


def _tables(lesson: Lesson) -> dict[str, Any]:
    stabilities = lesson.tried.stabilities if lesson.tried else ()
    return {
        "segments": [segment.to_json() for segment in lesson.portrait.segments],
        "migration": {name: dict(row) for name, row in lesson.portrait.migration.items()},
        "stability": [{"clusters": item.count, "words": item.words, "stable": item.is_stable} for item in stabilities],
    }


def _card(
    spec: Segmentation,
    lesson: Lesson,
    figures: Mapping[str, Metric],
    naive: Naive,
    level: str,
    why: list[str],
    drawn: Collection[str],
) -> str:
    how = {"clusters": "by stable clusters", "rule": "by the RFM rule (quintiles of recency, frequency, money)"}
    lines = [
        f"# {spec.title}",
        "",
        f"Puts {spec.population_words} into segments {how[lesson.rung]}.",
        "",
        "## Segments",
        "",
        "| segment | share | later spend | what sets it apart |",
        "|---|---|---|---|",
    ]
    for segment in sorted(lesson.portrait.segments, key=lambda item: -item.share):
        later = "–" if segment.later is None else f"{segment.later:,.0f}"
        lines.append(f"| {segment.name} | {segment.share:.0%} | {later} | {segment.words} |")
    lines += [
        "",
        f"Later spend: mean spend in the {HORIZON_DAYS} days afterwards, in the last period that is known.",
        *shown(drawn, "segments", "later_spend", "profiles", "migration"),
        "",
        "## How good it is",
        "",
    ]
    for name, metric in figures.items():
        rule = naive.metrics.get(name)
        words = f" (naive rule, {naive.rule}: {rule.value:.1%})" if rule else ""
        lines.append(f"- {name}: {_span(metric, percent=True)}{words}")
    lines += [
        "",
        f"## Grade {level}",
        "",
        *(f"- {item}" for item in why),
        "",
        f"Protocol **time**: {_protocol(lesson)}.",
        "",
        "## Limits",
        "",
        "- Segments describe; they do not say what a measure would change.",
        "- A name stays with its segment as long as most of its customers do.",
    ]
    return "\n".join(lines) + "\n"


def _span(metric: Metric, *, percent: bool) -> str:
    form = "{:.1%}" if percent else "{:.3f}"
    value = form.format(metric.value)
    if metric.low is None or metric.high is None:
        return value
    return f"{value} ({form.format(metric.low)} to {form.format(metric.high)})"
