"""Train a model and let it answer if it is better: rapport train MODEL, or --all of them at once.

Splits in time (at random only where outcomes have no times, and only when asked), compares with a named naive rule
and with the version that answers now, calibrates, looks for leaks, grades A to D, and keeps everything in the registry.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from configs import RapportError
from pipelines.train import train
from pipelines.train_all import Trainers
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="churn, lead_score, next_purchase, opportunity_win, segmentation, recommendation",
    )
    parser.add_argument("--all", action="store_true", help="train every model")
    parser.add_argument("--jobs", type=int, default=0, help="models trained at a time (default: one per core)")
    parser.add_argument("--as-of", type=moment, help="use the records as of this moment (default: their end)")
    parser.add_argument("--horizon-days", type=int, help="how far ahead an outcome counts (default: the model's own)")
    at_random = "split outcomes without times at random; printed as such"
    parser.add_argument("--random-split", action="store_true", help=at_random)
    parser.add_argument("--seed", type=int, default=7)


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Train, and answer with figures, the grade and the decision."""
    names = sorted(workspace.training.models) if arguments.all else list(dict.fromkeys(arguments.models))
    if not names or (arguments.all and arguments.models):
        raise RapportError(
            f"{'models and --all' if names else 'no model'} given; --all, or one or more of "
            f"{', '.join(workspace.training.models)}, is expected; name what to train"
        )
    options = {name: getattr(arguments, name) for name in ("as_of", "horizon_days", "random_split", "seed")}
    return (
        _one(workspace, names[0], options) if len(names) == 1 else _several(workspace, names, options, arguments.jobs)
    )


def _several(workspace: Workspace, names: Sequence[str], options: Mapping[str, Any], jobs: int) -> Answer:
    for name in names:
        workspace.check_model(name)
    with Trainers(workspace.settings, jobs) as trainers:
        outcomes = trainers.train(workspace, names, **options)
    failed = [outcome for outcome in outcomes if outcome.trained is None]
    data = {"models": [outcome.to_json() for outcome in outcomes]}
    return Answer(data, [outcome.line() for outcome in outcomes], exit_code=1 if failed else 0)


def _one(workspace: Workspace, name: str, options: Mapping[str, Any]) -> Answer:
    trained = train(workspace, name, **options)
    data = trained.to_json()
    rate = "" if data["base_rate"] is None else f", {data['base_rate']:.1%} positive"
    title = f"{data['model']} version {data['version']}: grade {data['grade']}, {data['rung']}"
    lines = [
        f"{title}, {data['rows']:,} rows{rate}",
        f"protocol {data['protocol']}: {trained.candidate.protocol_note}",
        "",
        *table(("metric", "value", "low", "high", "naive rule"), _figures(data)),
        f"naive rule: {data['naive']['rule']}",
        "",
        *[f"grade: {reason}" for reason in trained.candidate.grade_reasons],
        *[f"leak audit: {item['feature']}: {item['finding']}" for item in data["leaks"]],
        *[f"decision: {reason}" for reason in data["decision"]],
        "",
        _next(data),
    ]
    return Answer(data, lines)


def _figures(data: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return [
        (name, metric["value"], metric["low"], metric["high"], data["naive"].get(name))
        for name, metric in data["metrics"].items()
    ]


def _next(data: Mapping[str, Any]) -> str:
    if data["promoted"]:
        return f"It answers from now on. Next: rapport score {data['model']}"
    if data["unchanged"]:
        return f"The version that answers stays. Next: rapport score {data['model']}"
    return f"It does not answer. See: rapport models {data['model']}"
