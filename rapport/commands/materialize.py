"""Bring the feature history and the online store up to date: rapport materialize.

Only what new records have touched is worked on; a reader sees the state before or the state after.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import get_args

from features.base import Engine
from pipelines.materialize import materialize
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--as-of", type=moment, help="moment that questions mean which name none")
    parser.add_argument(
        "--rebuild",
        metavar="LOG",
        default="",
        help="read this log (order_lines.customer) again first, if it is damaged",
    )
    parser.add_argument(
        "--verify", action="store_true", help="read the whole history first and name the first part that is damaged"
    )
    parser.add_argument(
        "--engine", choices=get_args(Engine), default="local", help="where states are packed (spark: see docs/spark.md)"
    )


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Materialize, and answer with how many entities were written."""
    done = materialize(
        workspace,
        as_of=arguments.as_of,
        rebuild=arguments.rebuild,
        verify=arguments.verify,
        engine=arguments.engine,
    )
    return Answer(done.to_json(), done.lines())
