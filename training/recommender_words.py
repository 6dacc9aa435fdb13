"""What a recommender's card says, and its pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from crm.clock import short
from scoring import Metric
from training import bars, legends

if TYPE_CHECKING:
    from training.recommending import Lesson, Recommender

LABELS: Mapping[str, str] = {
    "ndcg_10": "NDCG@10 over all items",
    "recall_20": "recall@20 over all items",
    "ndcg_10_new": "NDCG@10 over items new to the customer",
}

ARRIVALS = (
    "A product that nobody had bought at training is offered by its category in the records: to customers whose "
    "purchases are of that category more than everybody's are, first where they buy most of it, where the price is "
    "near to what they pay there, and where it is new; in the last place of a list of five and more, in one of every "
    "ten places at most. No figure here judges that."
)


def card(
    spec: Recommender,
    lesson: Lesson,
    figures: Mapping[str, Mapping[str, Metric]],
    naive: str,
    level: str,
    why: list[str],
    drawn: Collection[str],
) -> str:
    """The card as markdown; `naive` names the naive rule, `drawn` the files of its pictures."""
    recipe = lesson.stages.recipe
    lines = [
        f"# {spec.title}",
        "",
        f"Ranks {len(lesson.stages.first.items):,} items for each customer: {recipe.words}. Who "
        "bought nothing yet gets what is popular now.",
        "",
        "## How good it is",
        "",
    ]
    if figures:
        lines += ["| source | " + " | ".join(LABELS.values()) + " |", "|---|" + "---|" * len(LABELS)]
        for name, found in figures.items():
            shown = f"**{recipe.words}**" if name == "chosen" else name
            lines.append(f"| {shown} | " + " | ".join(_figure(found[key]) for key in LABELS) + " |")
        lines += ["", f"The naive rule to beat: {naive}."]
        lines += ["", "## How good it is, in pictures", *legends.shown(drawn, "ndcg_10", "ndcg_10_new")]
    lines += [
        "",
        f"## Grade {level}",
        "",
        *(f"- {item}" for item in why),
        "",
        f"Protocol **time**: {protocol(lesson)}.",
        "",
        "## Limits",
        "",
        "- Nobody was shown these lists: they foretell what people buy, not what they would buy because of a list.",
        f"- {ARRIVALS}",
        "- How items sell (trend, popularity, price) is as of the training; a customer's own purchases count up to the "
        "moment of asking.",
    ]
    return "\n".join(lines) + "\n"


def protocol(lesson: Lesson) -> str:
    """One sentence: which moments, how many rows."""
    if lesson.last is None:
        return f"taught {lesson.purchases:,} purchases as of {short(lesson.as_of)}; {lesson.reason}"
    return (
        f"one moment for all customers: recipes tried on an earlier slice, judged on what "
        f"{len(lesson.last.customers):,} customers bought from {short(lesson.last.at)} to {short(lesson.as_of)}, every "
        f"known item ranked, then taught all {lesson.purchases:,} purchases"
    )


def pictures(spec: Recommender, figures: Mapping[str, Mapping[str, Metric]]) -> dict[str, bytes]:
    """The sources beside each other, over all items and over new ones."""
    drawn: dict[str, bytes] = {}
    for key in ("ndcg_10", "ndcg_10_new") if figures else ():
        values = {("this model" if name == "chosen" else name): found[key].value for name, found in figures.items()}
        drawn |= bars.draw(key, f"{spec.title}: {LABELS[key]}", "NDCG@10", values, strong="this model")
    return drawn


def span(metric: Metric) -> str:
    """A signed figure with its interval."""
    if metric.low is None or metric.high is None:
        return f"{metric.value:+.3f}"
    return f"{metric.value:+.3f} ({metric.low:+.3f} to {metric.high:+.3f})"


def _figure(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return f"{metric.value:.3f}"
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"
