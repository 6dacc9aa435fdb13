"""Lists of customers: rapport segment list | build | export | like | profile | overlap.

Every list that leaves passes the consent gate for its purpose and channel; no option switches that off.
Whom no consent record covers is left out, and counted.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from crm import clock
from pipelines.look_alikes import look_alikes
from pipelines.segment import build_segments
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|build|export|like|profile|overlap")
    actions.add_parser("list", help="every segment, with its members and when it was built")
    build = actions.add_parser("build", help="work out who belongs, and note who entered and left")
    build.add_argument("name", metavar="NAME", nargs="?", help="default: all")
    build.add_argument("--as-of", type=moment, help="moment to build as of (default: where the sources are complete)")
    export = actions.add_parser("export", help="write the members who may be contacted to a file")
    export.add_argument("name", metavar="NAME")
    export.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    export.add_argument("--output", type=Path, help="file to write (default: exports/ in the workspace)")
    like = actions.add_parser("like", help="look for the customers outside a segment who are most like its members")
    like.add_argument("name", metavar="NAME")
    many = like.add_mutually_exclusive_group()
    many.add_argument("--top", type=int, metavar="N", help="how many of them")
    many.add_argument("--share", type=float, metavar="X", help="which share of those outside (default: 0.05)")
    like.add_argument("--as-of", type=moment, help="moment to look as of (default: where the sources are complete)")
    like.add_argument("--save", metavar="NEW_NAME", help="keep them as a segment that is built with the others")
    profile = actions.add_parser("profile", help="in what the members of a segment differ from all other customers")
    profile.add_argument("name", metavar="NAME")
    overlap = actions.add_parser("overlap", help="how far segments overlap, in pairs")
    overlap.add_argument("names", metavar="NAME", nargs="*", help="default: all that were built")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Do one of them."""
    match arguments.action:
        case "list":
            return _list(workspace)
        case "build":
            built = build_segments(workspace, arguments.name, as_of=arguments.as_of)
            return Answer(built.to_json(), built.lines())
        case "like":
            return _like(arguments, workspace)
        case "profile":
            return _profile(workspace, arguments.name)
        case "overlap":
            return _overlap(workspace, arguments.names)
        case _:
            return _export(arguments, workspace)


def _list(workspace: Workspace) -> Answer:
    found = workspace.segments.list()
    data = {
        "segments": [vars(item) | {"as_of": None if item.as_of is None else clock.iso(item.as_of)} for item in found]
    }
    rows = [
        (
            item.name,
            item.kind,
            item.members,
            "–" if item.as_of is None else clock.iso(item.as_of)[:10],
            item.purpose,
            item.channel,
            item.problem or item.title,
        )
        for item in found
    ]
    lines = table(("segment", "kind", "members", "as of", "purpose", "channel", "what it is"), rows)
    return Answer(data, lines if rows else ["There are no segments yet. Next: rapport segment build"])


def _export(arguments: Namespace, workspace: Workspace) -> Answer:
    report = workspace.segments.export(arguments.name, arguments.format, arguments.output)
    data = report.to_json()
    suppressed = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in data["suppressed"].items())
    lines = [
        f"{data['rows']:,} customers of {data['segment']} as of {data['as_of']} in {data['path']}",
        f"since the last export that left: {data['added']:,} added, {data['removed']:,} removed",
        f"left out by the consent gate: {suppressed or 'nobody'}",
        f"control total {data['control_total']}, sha256 {data['sha256']}",
        *([data["hint"]] if data["hint"] else []),
    ]
    return Answer(data, lines)


def _like(arguments: Namespace, workspace: Workspace) -> Answer:
    many = {"top": arguments.top, "share": arguments.share}
    found = look_alikes(workspace, arguments.name, **many, as_of=arguments.as_of, save=arguments.save)
    return Answer(found.to_json(), found.lines())


def _profile(workspace: Workspace, name: str) -> Answer:
    workspace.features.refresh(progress=workspace.progress)
    found = workspace.segments.profile(name)
    lines = [
        f"{found.members:,} members of {found.segment} beside {found.others:,} other customers, as of "
        f"{clock.iso(found.as_of)}; the strongest differences first (numbers are medians):",
        *(f"  {item.words()}" for item in found.contrasts),
    ]
    return Answer(found.to_json(), lines)


def _overlap(workspace: Workspace, names: list[str]) -> Answer:
    found = workspace.segments.overlap(*names)
    shown = [pair for pair in found if pair.both]
    rows = [
        (
            pair.first,
            pair.second,
            pair.both,
            f"{pair.of_first:.0%}",
            f"{pair.of_second:.0%}",
            round(pair.jaccard, 3),
            "–" if pair.lift is None else f"{pair.lift:.2f}",
        )
        for pair in shown
    ]
    header = ("first", "second", "in both", "of first", "of second", "Jaccard", "lift")
    apart = f"{len(found) - len(shown):,} of {len(found):,} pairs share nobody."
    return Answer({"pairs": [pair.to_json() for pair in found]}, [*table(header, rows), apart])
