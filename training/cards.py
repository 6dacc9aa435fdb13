"""The model card: what a model says, for whom, how well, on what ground, and where it must not be trusted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.clock import short
from scoring import Leak, Metric, Naive
from training.legends import shown

WORDS: Mapping[str, str] = {
    "auc": "ranks a random case with the outcome above one without (AUC)",
    "average_precision": "average precision of the list",
    "lift_10": "outcomes in the highest tenth, against the average",
    "brier": "squared error of the probability (Brier)",
    "log_loss": "log loss",
    "ece": "distance of probability and reality (ECE, 15 bins)",
    "ece_excess": "of which more than chance explains",
}
RUNGS: Mapping[str, str] = {
    "rule": "the naive rule itself: nothing more complicated was clearly better",
    "logistic": "regularised logistic regression, a weighted sum of the features",
    "lightgbm": "boosted decision trees (LightGBM)",
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """What a card tells."""

    title: str
    outcome: str
    population: str
    form: str
    grade: str
    grade_reasons: Sequence[str]
    rung: str
    rung_reasons: Sequence[str]
    metrics: Mapping[str, Metric]
    naive: Naive
    protocol: str
    protocol_note: str
    rows: int
    base_rate: float
    test_rows: int
    test_base_rate: float
    as_of: int
    threshold: float
    costs: str
    bands: Sequence[Mapping[str, Any]]
    leaks: Sequence[Leak]
    dropped: Mapping[str, str]
    inputs: Sequence[str]
    protected: int
    influence: Sequence[tuple[str, float]]
    limits: Sequence[str]
    calibration: str
    pictures: Collection[str] = ()
    deals: Mapping[str, Any] | None = None
    waiting: Mapping[str, Any] | None = None


def write(story: Story) -> str:
    """The card as markdown.

    Examples
    --------
    >>> import training.cards
    >>> training.cards.WORDS["lift_10"]
    'outcomes in the highest tenth, against the average'
    """
    told = [*([_deals] if story.deals else []), *([_waiting] if story.waiting else [])]
    chapters = (_answer, _figures, _curves, *told, _grade, _data, _looks_at, _suspects, _limits)
    return "\n\n".join(filter(None, (chapter(story) for chapter in chapters))) + "\n"


def _answer(story: Story) -> str:
    bands = ", ".join(f"{item['name']} from {item['from']:.3f}" for item in story.bands)
    return (
        f"# {story.title}\n\n"
        f"Says how probable it is that {story.outcome}. {story.form}\n\n"
        f"It scores {story.population}; it answers through {RUNGS.get(story.rung, story.rung)}.\n\n"
        f"Acting pays from a probability of {story.threshold:.2f} on: {story.costs}. Bands: {bands}."
    )


def _figures(story: Story) -> str:
    lines = [
        "## How good it is",
        "",
        f"On {story.test_rows:,} rows that it did not see, beside the naive rule ({story.naive.rule}):",
        "",
        "| figure | model | 95 % interval | naive rule |",
        "|---|---|---|---|",
    ]
    for name, words in WORDS.items():
        if name not in story.metrics:
            continue
        metric, beside = story.metrics[name], story.naive.metrics.get(name)
        span = "–" if metric.low is None or metric.high is None else f"{metric.low:.3f} to {metric.high:.3f}"
        lines.append(f"| {words} | {metric.value:.3f} | {span} | {'–' if beside is None else f'{beside.value:.3f}'} |")
    return "\n".join(lines)


def _curves(story: Story) -> str:
    stems = ("gain", "lift", "profit", "reliability", "stability", "roc", "precision_recall")
    lines = shown(story.pictures, *stems)
    return "\n".join(["## How good it is, in pictures", *lines]) if lines else ""


def _deals(story: Story) -> str:
    told = story.deals or {}
    lines = ["## What it expects of a deal", "", str(told["words"])]
    if "value" in told:
        lines += [
            "",
            "| on the rows that it did not see | expected | came | 95 % interval | rests on |",
            "|---|---|---|---|---|",
        ]
        for name, words in (("value", "value of a lead"), ("days", "days to the close of a won deal")):
            row = told[name]
            span = "–" if row["low"] is None else f"{row['low']:,.0f} to {row['high']:,.0f}"
            lines.append(
                f"| {words} | {_whole(row['expected'])} | {_whole(row['actual'])} | {span} | {row['rows']:,} |"
            )
        lines += [
            "",
            "Days are compared among deals that closed before the records end, with what was expected of such.",
        ]
    return "\n".join(lines)


def _waiting(story: Story) -> str:
    told = story.waiting or {}
    lines = ["## When it expects it", "", str(told["words"])]
    if "expected_days" in told:
        lines += [
            "",
            "| on the rows that it did not see, it came by | expected of | came for | 95 % interval | rests on |",
            "|---|---|---|---|---|",
        ]
        for name, words in (
            ("days_low", "the first day of the span"),
            ("expected_days", "the expected day"),
            ("days_high", "the last day of the span"),
        ):
            row = told[name]
            actual = "–" if row["actual"] is None else f"{row['actual']:.0%}"
            span = "–" if row["low"] is None else f"{row['low']:.0%} to {row['high']:.0%}"
            lines.append(f"| {words} | {row['expected']:.0%} | {actual} | {span} | {row['rows']:,} |")
        lines += ["", "Each line counts the rows that were followed to their day."]
    return "\n".join(lines)


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _grade(story: Story) -> str:
    head, *numbers = story.grade_reasons
    return "\n".join([f"## Grade {story.grade}", "", f"{_sentence(head)}", "", *(f"- {item}" for item in numbers)])


def _data(story: Story) -> str:
    return "\n".join(
        [
            "## What it learned from",
            "",
            f"{story.rows:,} rows, of which {story.base_rate:.1%} with the outcome; judged on {story.test_rows:,} rows "
            f"with {story.test_base_rate:.1%}. Records up to {short(story.as_of)}.",
            "",
            f"Protocol **{story.protocol}**: {story.protocol_note}",
            "",
            f"Calibration: {story.calibration}. Which answer was taken:",
            "",
            *(f"- {reason}" for reason in story.rung_reasons),
        ]
    )


def _looks_at(story: Story) -> str:
    lines = ["## What it looks at", "", f"{len(story.inputs)} features. What moves its answers most (log-odds):", ""]
    lines += [f"- {name}: {effect:.2f}" for name, effect in story.influence]
    lines += shown(story.pictures, "influence", "families")
    if story.protected:
        lines += ["", f"{story.protected} of them describe protected traits; they are never shown as a reason."]
    if story.dropped:
        lines += ["", f"Left out because they say nothing: {_left_out(story.dropped)}."]
    return "\n".join(lines)


def _left_out(dropped: Mapping[str, str]) -> str:
    by_reason: dict[str, list[str]] = {}
    for ref, reason in sorted(dropped.items()):
        by_reason.setdefault(reason, []).append(ref)
    return "; ".join(f"{', '.join(refs)} ({len(refs)}: each {reason})" for reason, refs in by_reason.items())


def _suspects(story: Story) -> str:
    lines = [
        "## What might know the outcome",
        "",
        "The features that tell most by themselves, then what was found of rows and clocks:",
        "",
    ]
    return "\n".join(lines + [f"- {leak.feature}: {leak.finding}" for leak in story.leaks])


def _limits(story: Story) -> str:
    return "\n".join(["## Limits", "", *(f"- {limit}" for limit in story.limits)])


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
