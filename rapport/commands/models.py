"""What is trained, how good it is, and which version answers: rapport models [MODEL]."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from crm import clock
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from registry import Entry, ModelVersion


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL", nargs="?", help="one model, with its decisions")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """List every version; for one model its decisions as well."""
    if arguments.model:
        workspace.check_model(arguments.model)
    names = [arguments.model] if arguments.model else sorted({*workspace.training.models, *workspace.registry.models()})
    versions = [item for name in names for item in workspace.registry.versions(name)]
    decisions = workspace.registry.decisions(arguments.model) if arguments.model else []
    data = {
        "models": {name: [_version(item) for item in versions if item.model == name] for name in names},
        "decisions": [entry.to_json() for entry in decisions],
    }
    header = ("model", "version", "grade", "rung", "protocol", "rows", "as of", "points at it")
    rows = [
        (
            item.model,
            item.version,
            item.grade,
            item.rung,
            item.protocol,
            item.rows,
            clock.iso(item.as_of)[:10],
            ", ".join(item.aliases) or "–",
        )
        for item in versions
    ]
    untrained = [name for name in names if not any(item.model == name for item in versions)]
    lines = table(header, rows) if rows else []
    cards = {item.version: workspace.registry.card(item) for item in versions} if arguments.model else {}
    lines += [f"card of version {version}: {path}" for version, path in cards.items() if path]
    lines += [f"{name} is not trained yet: rapport train {name}" for name in untrained]
    return Answer(data, [*lines, *(["", *map(_decision, decisions)] if decisions else [])])


def _version(item: ModelVersion) -> dict[str, Any]:
    kept = ("version", "run_id", "sha256", "grade", "rung", "protocol", "rows", "aliases")
    return {name: getattr(item, name) for name in kept} | {"as_of": clock.iso(item.as_of), "path": str(item.path)}


def _decision(entry: Entry) -> str:
    return f"{clock.iso(entry.at)[:19]}  version {entry.version} {entry.action} by {entry.actor}: {entry.reason}"
