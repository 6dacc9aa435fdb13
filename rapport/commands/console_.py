"""Show the web desk: rapport console (customers, segments, models, watches, the overview; on loopback)."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser, Namespace

from console.server import run as show
from pipelines.workspace import Workspace
from rapport.answer import Answer


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--port", type=int, help="default: 3001")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Show it until stopped."""
    settings = workspace.settings
    if arguments.port is not None:
        settings = dataclasses.replace(settings, console_port=arguments.port)
    show(settings, announce=_announce)
    return Answer({"shown": True}, ["Stopped."])


def _announce(url: str) -> None:
    print(f"The desk is at {url}; stop with Ctrl-C.", flush=True)
