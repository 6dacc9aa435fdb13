"""Run a flow: rapport run daily (materialize, score, segments, watch, report).

Resumes after the last step that was done when an earlier run was cut short; says what it skipped and why.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pipelines.daily import run_daily
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("flow", choices=("daily",))
    parser.add_argument("--as-of", type=moment, help="moment to work as of (default: where the sources are complete)")
    parser.add_argument("--restart", action="store_true", help="begin anew even if an earlier run was cut short")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Run the steps, and answer with what each did."""
    report = run_daily(workspace, as_of=arguments.as_of, restart=arguments.restart)
    lines = [f"{step.name:<22}{step.state:<9}{step.words}" for step in report.steps]
    return Answer(report.to_json(), [*lines, "", report.summary()], exit_code=0 if report.is_complete else 1)
