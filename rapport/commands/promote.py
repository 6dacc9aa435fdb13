"""Let a version of a model answer: rapport promote MODEL [VERSION].

Without a version, the newest challenger. Training promotes by itself what is better than the champion; this
is the decision of a person, kept with its reason. A model of grade D is never promoted.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pipelines.promote import promote
from pipelines.workspace import Workspace
from rapport.answer import Answer


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("version", metavar="VERSION", nargs="?", help="default: the challenger")
    parser.add_argument("--reason", default="by hand", help="why; kept with the decision")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Move the pointer, and answer with the version that answers now."""
    version, replaced = promote(workspace, arguments.model, arguments.version, reason=arguments.reason)
    data = {"model": version.model, "champion": version.version, "replaced": replaced, "grade": version.grade}
    instead = f" instead of {replaced}" if replaced else ""
    return Answer(
        data,
        [
            f"{version.model}: version {version.version} (grade {version.grade}) answers{instead}.",
            f"Back with: rapport rollback {version.model}",
        ],
    )
