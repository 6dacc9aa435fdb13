"""Let the previous version of a model answer again: rapport rollback MODEL."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pipelines.workspace import Workspace
from rapport.answer import Answer


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--reason", default="by hand", help="why; kept with the decision")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Move one pointer back, and answer with the version that answers now."""
    actor = workspace.settings.actor
    before = workspace.registry.champion(arguments.model)
    version = workspace.registry.rollback(arguments.model, actor=actor, reason=arguments.reason)
    workspace.records.audit("rollback", arguments.model, {"version": version.version, "reason": arguments.reason})
    data = {"model": arguments.model, "champion": version.version, "replaced": before.version}
    return Answer(data, [f"{arguments.model}: version {version.version} answers again instead of {before.version}."])
