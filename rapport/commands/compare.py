"""Two versions of a model on the same later rows: rapport compare MODEL A B."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pipelines.compare import compare
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.moments import moment

WORDS = {
    "auc": "ranks a random case with the outcome above one without (AUC)",
    "lift": "outcomes in the best tenth, against the average",
    "calibration": "calibration error; less is better",
}


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("first", metavar="A", help="number of a version")
    parser.add_argument("second", metavar="B", help="number of another version")
    parser.add_argument("--as-of", type=moment, help="use outcomes up to this moment (default: the end of the sources)")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Compare, and answer with each figure and the paired difference."""
    found = compare(workspace, arguments.model, arguments.first, arguments.second, as_of=arguments.as_of)
    sides = found.comparison
    rows = [
        (words, round(sides.model[name], 3), round(sides.rival[name], 3), sides.difference[name].words())
        for name, words in WORDS.items()
    ]
    lines = [
        found.protocol_note,
        "",
        *table(("figure", f"version {found.first}", f"version {found.second}", "difference (95 %)"), rows),
        *([] if found.is_fair else ["", "Read with care: one of the two was trained on records after these rows."]),
    ]
    return Answer(found.to_json(), lines)
