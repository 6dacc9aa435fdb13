"""Replay a model's past and draw what it would have earned."""

from __future__ import annotations

from pathlib import Path

from crm import clock
from pipelines.workspace import Workspace
from scoring import Metric
from training import Backtest
from training.pictures import earnings


def backtest(
    workspace: Workspace, name: str, *, as_of: int | None = None, size: int | None = None, cutoffs: int = 6
) -> tuple[Backtest, Path]:
    """Replay past cutoffs of `name`, and write the picture to the workspace's reports.

    Parameters
    ----------
    as_of : int, optional
        Moment (µs) up to which outcomes are used; default: the end of the sources in use.
    size : int, optional
        Length of the list; default: everybody for whom acting pays.
    cutoffs : int
        Past cutoffs at most.

    Returns
    -------
    tuple of Backtest and Path
        What was earned, and the SVG (a PNG lies beside it).

    Raises
    ------
    RapportError
        If the model is unknown or has no past to replay.
    """
    workspace.features.refresh(progress=workspace.progress)
    found = workspace.training.backtest(
        name, as_of=as_of, size=size, cutoffs=cutoffs, progress=lambda words: workspace.progress(words, 0, 0)
    )
    folder = workspace.settings.reports_dir / "backtests"
    folder.mkdir(parents=True, exist_ok=True)
    last = clock.iso(found.replays[-1].as_of)[:10]
    shown = {clock.iso(item.as_of)[:10]: (_ends(item.earned), _ends(item.naive)) for item in found.replays}
    for file, content in earnings(name, shown).items():
        (folder / f"{name}_{last}.{file.rpartition('.')[2]}").write_bytes(content)
    return found, folder / f"{name}_{last}.svg"


def _ends(metric: Metric) -> tuple[float, float, float]:
    low, high = (metric.value if end is None else end for end in (metric.low, metric.high))
    return metric.value, low, high
