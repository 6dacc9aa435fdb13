"""The progress bar for people: on the terminal's error stream, only when work takes more than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]


@contextmanager
def progress(*, silent: bool = False) -> Iterator[Progress]:
    """A callable ``(stage, done, total)`` that draws a bar; ``total`` 0 means unknown.

    Parameters
    ----------
    silent : bool
        Draw nothing, as for programs; nothing is drawn either where the error stream is no terminal.

    Examples
    --------
    >>> with progress(silent=True) as report:
    ...     report("reading", 1, 2)
    """
    if silent or not sys.stderr.isatty():
        yield _nothing
        return
    import rich.progress
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    bar = rich.progress.Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("starting", total=None)
    began = time.monotonic()

    def report(stage: str, done: int, total: int) -> None:
        if not bar.live.is_started and time.monotonic() - began > 1:
            bar.start()
        bar.update(task, description=stage, completed=done, total=total or None)

    try:
        yield report
    finally:
        bar.stop()


def _nothing(_stage: str, _done: int, _total: int) -> None:
    """Report to nobody."""
