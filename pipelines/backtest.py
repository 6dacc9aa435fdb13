"""Replay a model's past and draw what it would have earned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from crm import clock
from pipelines.workspace import Workspace
from scoring import Metric
from training import Backtest, ListBacktest, TrainingError
from training.pictures import earnings


def backtest(
    workspace: Workspace, name: str, *, as_of: int | None = None, size: int | None = None, cutoffs: int = 6
) -> tuple[Backtest | ListBacktest, Path]:
    """Replay past cutoffs of `name`, and write the picture to the workspace's reports.

    Parameters
    ----------
    as_of : int, optional
        Moment (µs) up to which outcomes are used; default: the end of the sources in use.
    size : int, optional
        Length of the list; default: everybody for whom acting pays. A recommendation's lists have ten items.
    cutoffs : int
        Past cutoffs at most.

    Returns
    -------
    tuple of Backtest or ListBacktest, and Path
        What was earned, or met by lists of items, and the SVG (a PNG lies beside it).

    Raises
    ------
    RapportError
        If the model is unknown or has no past to replay, or a recommendation is asked for a size.
    """
    if workspace.training.recommends(name) and size is not None:
        raise TrainingError.no_list_size(name, size)
    workspace.features.refresh(progress=workspace.progress)
    found: Backtest | ListBacktest
    if workspace.training.recommends(name):
        found = workspace.training.backtest_lists(name, as_of=as_of, cutoffs=cutoffs, progress=_told(workspace))
        height = "NDCG@10 over all items"
        shown = {
            _day(item.as_of): (_ends(item.lists["ndcg_10"]), _ends(item.naive["ndcg_10"])) for item in found.replays
        }
    else:
        found = workspace.training.backtest(name, as_of=as_of, size=size, cutoffs=cutoffs, progress=_told(workspace))
        height = "earned, in costs of one action"
        shown = {_day(item.as_of): (_ends(item.earned), _ends(item.naive)) for item in found.replays}
    folder = workspace.settings.reports_dir / "backtests"
    folder.mkdir(parents=True, exist_ok=True)
    last = max(shown)
    for file, content in earnings(name, shown, height).items():
        (folder / f"{name}_{last}.{file.rpartition('.')[2]}").write_bytes(content)
    return found, folder / f"{name}_{last}.svg"


def _told(workspace: Workspace) -> Callable[[str], None]:
    return lambda words: workspace.progress(words, 0, 0)


def _day(moment: int) -> str:
    return clock.iso(moment)[:10]


def _ends(metric: Metric) -> tuple[float, float, float]:
    low, high = (metric.value if end is None else end for end in (metric.low, metric.high))
    return metric.value, low, high
