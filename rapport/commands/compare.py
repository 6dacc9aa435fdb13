"""Two versions of a model on the same later rows: rapport compare MODEL A B.

Of a recommendation each version's recipe is taught anew before the last 30 days, and judged on what customers bought in
them.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from pipelines.compare import Compared, compare
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.moments import moment
from training.recommender_backtest import FIGURES

WORDS = {
    "auc": "ranks a random case with the outcome above one without (AUC)",
    "lift": "outcomes in the best tenth, against the average",
    "calibration": "calibration error; less is better",
    **FIGURES,
}
DECISIVE = {"auc": "AUC", "ndcg_10": "NDCG@10 over all items", "ndcg_10_new": "NDCG@10 over items new to the customer"}


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
        (WORDS[name], round(sides.model[name], 3), round(sides.rival[name], 3), difference.words())
        for name, difference in sides.difference.items()
    ]
    lines = [
        found.protocol_note,
        *_recipes(found),
        "",
        *table(("figure", f"version {found.first}", f"version {found.second}", "difference (95 %)"), rows),
        "",
        *_verdicts(found),
        *([] if found.is_fair else ["", "Read with care: one of the two was trained on records after these rows."]),
    ]
    return Answer(found.to_json(), lines)


def _recipes(found: Compared) -> list[str]:
    """How versions that give lists of items rank them."""
    numbers = (found.first, found.second)
    return [f"version {number}: {words}" for number, words in zip(numbers, found.recipes, strict=False)]


def _verdicts(found: Compared) -> Iterator[str]:
    """A sentence for each figure that decides."""
    for name, figure in DECISIVE.items():
        if name in found.comparison.difference:
            gap = found.comparison.difference[name]
            if gap.low > 0:
                yield f"{figure}: version {found.first} is better than version {found.second}."
            elif gap.high < 0:
                yield f"{figure}: version {found.second} is better than version {found.first}."
            else:
                yield f"{figure}: the two cannot be told apart; the interval of their difference holds 0."
