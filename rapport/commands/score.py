"""Score everybody who may be scored, and keep the scores as records: rapport score MODEL."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pipelines.score import score
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--as-of", type=moment, help="moment to score as of (default: where the sources are complete)")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Score, and answer with the counts by band."""
    scored = score(workspace, arguments.model, as_of=arguments.as_of)
    return Answer(scored.to_json(), scored.lines())
