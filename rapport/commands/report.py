"""Make a report: rapport report NAME [--format html|xlsx|csv|json].

Without a format, the page, the workbook and the tables are all written. The page needs no network and no script.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pipelines.report import FORMS, write_report
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("name", metavar="NAME", help="overview")
    parser.add_argument("--format", choices=(*FORMS, "json"), help="default: html, xlsx and csv")
    parser.add_argument("--output", type=Path, help="file to write, with --format (default: reports/ in the workspace)")
    parser.add_argument("--as-of", type=moment, help="moment (default: where the sources are complete)")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Make it, and answer with the files."""
    forms = (arguments.format,) if arguments.format else FORMS
    output = arguments.output if arguments.format else None
    made = write_report(workspace, arguments.name, as_of=arguments.as_of, forms=forms, output=output)
    return Answer(made.to_json(), made.lines())
