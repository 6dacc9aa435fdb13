"""Everything on a made-up company: data, features, models, scores, segments, drift, a report.

Takes about a minute and a half on two cores; then says what was made, where it lies, and the next three commands.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from argparse import ArgumentParser, Namespace

from pipelines.demo import run_demo
from pipelines.workspace import Workspace
from rapport.answer import Answer


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--customers", type=int, default=10_000, help="size of the company (default: 10,000)")
    parser.add_argument("--seed", type=int, default=7, help="another seed makes another company")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Make the company and take it through the whole loop."""
    command = _called(arguments.home)
    report = run_demo(workspace, customers=arguments.customers, seed=arguments.seed, command=command)
    return Answer(report.to_json(), report.lines())


def _called(home: str | None) -> str:
    """The command as it can be typed again: by its path where the shell would not find it, with its workspace."""
    name = "rapport" if shutil.which("rapport") else os.path.relpath(sys.argv[0])
    return name if home is None else f"{name} --home {shlex.quote(str(home))}"
