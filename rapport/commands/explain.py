"""Why somebody has a score, and the rows behind it: rapport explain MODEL --id NUMBER."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from crm import clock
from pipelines.explain import explain, shown
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.counts import count
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--id", required=True, metavar="NUMBER", help="number of the customer, lead or opportunity")
    parser.add_argument("--as-of", type=moment, help="moment to explain (default: where the sources are complete)")
    parser.add_argument("--reasons", type=count, default=5, help="reasons at most (default: 5)")
    parser.add_argument(
        "--all", action="store_true", help="every reason, so that with the base they add up to the score's log-odds"
    )
    parser.add_argument("--rows", type=count, default=5, help="newest rows behind each (default: 5)")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Explain, reason by reason, with the rows that made each value."""
    found = explain(
        workspace,
        arguments.model,
        arguments.id,
        as_of=arguments.as_of,
        most=None if arguments.all else arguments.reasons,
        rows=arguments.rows,
    )
    lines = [
        f"{found.id}: {found.model} {found.score:.3f}{f' ({found.band})' if found.band else ''} as of "
        f"{clock.iso(found.as_of)}, version {found.version}",
        *([] if found.is_eligible else ["it is not in the model's population: the score is shown, and never served"]),
    ]
    for reason in found.reasons:
        lines += ["", reason.text]
        rows = shown(found.rows[reason.feature]) if reason.feature in found.rows else []
        if rows:
            columns = list(dict.fromkeys(name for row in rows for name in row))
            lines += [f"  {line}" for line in table(columns, [[row.get(name) for name in columns] for row in rows])]
            lines.append(f"  {len(rows)} newest of {found.counts[reason.feature]:,} rows behind {reason.feature}")
    lines += ["", found.sum_words()]
    return Answer(found.to_json(), lines)
