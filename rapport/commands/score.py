"""Score everybody who may be scored, and keep the scores as records: rapport score MODEL.

With --top N the N best are listed, with the threshold that this implies and what acting on them should earn.
With --from FILE --to FILE the rows of a Parquet file are scored instead: a column view__feature for each feature.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pipelines.score import ScoringError, score
from pipelines.score_file import score_matrix
from pipelines.shortlist import check_size, shortlist
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.moments import moment


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--as-of", type=moment, help="moment to score as of (default: where the sources are complete)")
    parser.add_argument("--top", type=int, metavar="N", help="list the N best, and what acting on them should earn")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="Parquet file of feature values")
    parser.add_argument("--to", dest="target", type=Path, metavar="FILE", help="Parquet file for its scores")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Score, and answer with the counts by band and perhaps the best, or with the file's rows."""
    if arguments.source is None and arguments.target is None:
        if arguments.top is not None:
            return _top(arguments, workspace)
        scored = score(workspace, arguments.model, as_of=arguments.as_of)
        return Answer(scored.to_json(), scored.lines())
    if arguments.source is None or arguments.target is None or arguments.as_of is not None or arguments.top:
        raise ScoringError(
            "a file is scored by --from and --to together, without --as-of (its values have their moment) and --top; "
            "two paths are expected; give both"
        )
    found = score_matrix(workspace, arguments.model, arguments.source, arguments.target)
    return Answer(found.to_json(), found.lines())


def _top(arguments: Namespace, workspace: Workspace) -> Answer:
    workspace.check_model(arguments.model)
    check_size(arguments.top, workspace.registry.load(arguments.model)[1])
    scored = score(workspace, arguments.model, as_of=arguments.as_of)
    best = shortlist(workspace, scored, arguments.top)
    rows = [tuple(row) for row in best.rows.itertuples(index=False)]
    lines = [*scored.lines(), "", *best.lines(), "", *table(tuple(best.rows.columns), rows)]
    return Answer(scored.to_json() | {"top": best.to_json()}, lines)
