"""Serve scores over HTTP: rapport serve (BentoML, on loopback unless RAPPORT_API_KEY is set)."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser, Namespace

from pipelines.workspace import Workspace
from rapport.answer import Answer
from serving import server


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--port", type=int, help="default: 3000")
    parser.add_argument("--host", help="default: 127.0.0.1; beyond loopback RAPPORT_API_KEY is needed")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Serve until stopped."""
    given = {"serve_port": arguments.port, "serve_host": arguments.host}
    changes = {name: value for name, value in given.items() if value is not None}
    settings = dataclasses.replace(workspace.settings, **changes)
    names = sorted(workspace.training.models)
    workspace.close()
    server.run(settings, models=names, announce=_announce)
    return Answer({"served": True}, ["Stopped; every answer is in the prediction log."])


def _announce(url: str) -> None:
    print(f"Scores at {url}; stop with Ctrl-C.", flush=True)
