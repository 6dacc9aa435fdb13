"""What a model's lists would have earned in the past: rapport backtest MODEL.

At each past cutoff the model is learned anew from what was known then; its list and the naive rule's, equally long, are
judged by what happened afterwards, at the model's stated costs. Of a recommendation it is told how much of its lists
customers bought, beside lists by personal frequency. A picture is written beside the other reports.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from crm import clock
from pipelines.backtest import backtest
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.counts import count
from rapport.moments import moment
from scoring import Metric
from training import Backtest, ListBacktest, ListReplay
from training.recommender_backtest import FIGURES

FORMS = {"hit_10": ".1%", "ndcg_10": ".3f", "hit_10_new": ".1%", "ndcg_10_new": ".3f", "sales": ",.2f"}


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument(
        "--size", type=count, help="length of a list of people (default: everybody for whom acting pays)"
    )
    parser.add_argument("--cutoffs", type=count, default=6, help="past cutoffs at most (default: 6)")
    parser.add_argument("--as-of", type=moment, help="use outcomes up to this moment (default: the end of the sources)")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Replay, and answer with earnings by cutoff and in all."""
    found, picture = backtest(
        workspace, arguments.model, as_of=arguments.as_of, size=arguments.size, cutoffs=arguments.cutoffs
    )
    lines = _items(found) if isinstance(found, ListBacktest) else _earnings(found)
    return Answer(found.to_json() | {"picture": str(picture)}, [*lines, f"picture: {picture}"])


def _earnings(found: Backtest) -> list[str]:
    rows = [
        (
            _day(item.as_of),
            item.rows,
            f"{item.base_rate:.1%}",
            item.acted,
            _money(item.earned),
            _money(item.naive),
            _money(item.gain),
            round(item.auc, 3),
            round(item.naive_auc, 3),
            item.rung,
        )
        for item in found.replays
    ]
    header = ("as of", "rows", "positive", "list", "earned", "naive rule", "difference", "auc", "naive auc", "rung")
    return [
        f"{found.model}: that {found.outcome}; {found.costs.words}. In costs of one action, with 95% intervals:",
        "",
        *table(header, rows),
        "",
        f"in all: earned {_money(found.earned)}, the naive rule {_money(found.naive)}, difference {_money(found.gain)}",
        f"the naive rule: {' or '.join(dict.fromkeys(item.rule for item in found.replays))}",
    ]


def _items(found: ListBacktest) -> list[str]:
    """How much was bought of lists of items, by cutoff and in all."""
    rows = [
        (
            _day(item.as_of),
            item.customers,
            *(text for name in ("hit_10", "ndcg_10", "ndcg_10_new") for text in _beside(item, name)),
            item.recipe,
        )
        for item in found.replays
    ]
    hit, all_items, new = "bought of it", "NDCG@10", "NDCG@10 new"
    header = ("as of", "customers", hit, "naive", all_items, "naive", new, "naive", "recipe")
    words = [
        f"{label}: {_figure(found.lists[name], form)}, the naive rule {_figure(found.naive[name], form)}, difference "
        f"{_figure(found.gain[name], '+' + form)}"
        for name, label, form in ((name, label, FORMS[name]) for name, label in FIGURES.items())
    ]
    return [
        f"{found.model}: lists of 10 items, beside what was bought within {found.horizon_days} days, with 95% "
        "intervals:",
        "",
        *table(header, rows),
        "",
        "in all:",
        *words,
        f"the naive rule: {found.rule}",
    ]


def _beside(replay: ListReplay, name: str) -> tuple[str, str]:
    return _figure(replay.lists[name], FORMS[name]), format(replay.naive[name].value, FORMS[name])


def _figure(metric: Metric, form: str) -> str:
    low, high = (metric.value if end is None else end for end in (metric.low, metric.high))
    return f"{metric.value:{form}} ({low:{form}} to {high:{form}})"


def _day(moment: int) -> str:
    return clock.iso(moment)[:10]


def _money(metric: Metric) -> str:
    low, high = (0.0 if end is None else end for end in (metric.low, metric.high))
    return f"{metric.value:,.0f} ({low:,.0f} to {high:,.0f})"
