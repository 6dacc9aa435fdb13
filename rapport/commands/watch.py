"""Watch a model for drift: rapport watch MODEL.

Compares inputs and scores with what the model learned on; null and unseen-value rates, freshness; alerts
with what to do. Evidently's page is written beside our JSON.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from configs import RapportError
from monitoring import Page
from pipelines.watch import watch
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL", nargs="?", help="default: every model that answers")
    parser.add_argument("--as-of", type=moment, help="moment (default: where the sources are complete)")
    parser.add_argument("--no-page", action="store_true", help="leave Evidently's page out")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Watch, and answer with what moved."""
    names = [arguments.model] if arguments.model else _answering(workspace)
    page: Page = "never" if arguments.no_page else "always"
    watched = [watch(workspace, name, as_of=arguments.as_of, page=page) for name in names]
    data = watched[0].to_json() if arguments.model else {"models": [item.to_json() for item in watched]}
    return Answer(data, [line for item in watched for line in [*item.lines(), ""]][:-1])


def _answering(workspace: Workspace) -> list[str]:
    names = [name for name in sorted(workspace.training.models) if workspace.registry.alias(name, "champion")]
    if not names:
        raise RapportError("no model answers yet; one is expected; train one: rapport train churn")
    return names
