"""What a model's lists would have earned in the past: rapport backtest MODEL.

At each past cutoff the model is learned anew from what was known then; its list and the naive rule's, equally long, are
judged by what happened afterwards, at the model's stated costs. A picture is written beside the other reports.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from crm import clock
from pipelines.backtest import backtest
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.moments import moment
from scoring import Metric


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--size", type=int, help="length of the list (default: everybody for whom acting pays)")
    parser.add_argument("--cutoffs", type=int, default=6, help="past cutoffs at most (default: 6)")
    parser.add_argument("--as-of", type=moment, help="use outcomes up to this moment (default: the end of the sources)")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Replay, and answer with earnings by cutoff and in all."""
    found, picture = backtest(
        workspace, arguments.model, as_of=arguments.as_of, size=arguments.size, cutoffs=arguments.cutoffs
    )
    rows = [
        (
            clock.iso(item.as_of)[:10],
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
    lines = [
        f"{found.model}: that {found.outcome}; {found.costs.words}. In costs of one action, with 95% intervals:",
        "",
        *table(header, rows),
        "",
        f"in all: earned {_money(found.earned)}, the naive rule {_money(found.naive)}, difference {_money(found.gain)}",
        f"the naive rule: {' or '.join(dict.fromkeys(item.rule for item in found.replays))}",
        f"picture: {picture}",
    ]
    return Answer(found.to_json() | {"picture": str(picture)}, lines)


def _money(metric: Metric) -> str:
    low, high = (0.0 if end is None else end for end in (metric.low, metric.high))
    return f"{metric.value:,.0f} ({low:,.0f} to {high:,.0f})"
