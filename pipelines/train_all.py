"""Train several models at once, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import registry
import training
from configs import RapportError, Settings
from pipelines.train import train
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Outcome:
    """What came of one model.

    Attributes
    ----------
    name : str
    trained : mapping or None
        What ``train --json`` prints; None when it failed.
    error : RapportError or None
        Why it failed.
    """

    name: str
    trained: Mapping[str, Any] | None
    error: RapportError | None = None

    def line(self) -> str:
        """The model, its grade and first figure, and whether it answers; or why it failed."""
        if self.trained is None:
            return f"{self.name:<16} failed: {self.error}"
        figure = next(iter(self.trained["metrics"].items()), None)
        number = f", {figure[0]} {figure[1]['value']:.3f}" if figure else ""
        state = "answers" if self.trained["promoted"] else "does not answer"
        return f"{self.name:<16} grade {self.trained['grade']}{number} ({self.trained['rung']}); {state}"

    def to_json(self) -> dict[str, Any]:
        """The training, or its error."""
        if self.trained is not None:
            return dict(self.trained)
        return {"model": self.name} | ({} if self.error is None else self.error.to_json())


class Trainers:
    """Processes that train; they load their libraries at once and then wait for models.

    Parameters
    ----------
    settings : Settings
    jobs : int
        Models trained at a time; 0 means one per core.
    """

    def __init__(self, settings: Settings, jobs: int = 0) -> None:
        self._settings = settings
        jobs = jobs or os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(jobs, _context(), _prepare, (settings, jobs))
        self._started = Event()  # not Thread.join: once a Ctrl-C has interrupted that, it waits no more (bpo-45274)
        Thread(target=self._start, args=(jobs,), daemon=True).start()

    def _start(self, jobs: int) -> None:
        try:
            for _ in range(jobs):
                self._pool.submit(os.getpid)  # a process starts when there is something to do, and that waits for it
        finally:
            self._started.set()

    def train(self, workspace: Workspace, names: Sequence[str], **options: Any) -> list[Outcome]:
        """Train every model of `names`; one that fails stops no other.

        Parameters
        ----------
        workspace : Workspace
            Whose features are brought up to date first, once for all, and which is told the progress.
        names : sequence of str
        **options
            As `pipelines.train.train` takes them.
        """
        workspace.features.refresh(progress=workspace.progress)
        self._started.wait()
        waiting = {self._pool.submit(_train, self._settings, name, options): name for name in names}
        found: dict[str, Outcome] = {}
        workspace.progress(f"training {', '.join(names)}", 0, len(names))
        for future in as_completed(waiting):
            found[waiting[future]] = _outcome(waiting[future], future)
            left = [name for name in names if name not in found]
            workspace.progress(f"training {', '.join(left)}", len(found), len(names))
        return [found[name] for name in names]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.wait()
        if error is not None:  # whoever stopped does not wait for trainings that nobody will read
            for child in multiprocessing.active_children():
                child.terminate()
        self._pool.shutdown(cancel_futures=True)


def _outcome(name: str, future: Future[dict[str, Any]]) -> Outcome:
    try:
        return Outcome(name, future.result())
    except RapportError as error:
        return Outcome(name, None, error)
    except BrokenProcessPool:
        sentence = (
            f"the process that trained {name} was killed, as for want of memory; nothing of it was registered; "
            f"run rapport train {name} alone"
        )
        return Outcome(name, None, RapportError(sentence))


def _context() -> BaseContext:
    """Where the system can, processes are made from one that has loaded the libraries once for all."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.loaded"])
    return context


def _prepare(settings: Settings, jobs: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))  # each has its share of the cores
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this process is asked, and ends it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    training.preload()  # at once, where the process was made from one that had
    with suppress(RapportError):  # said where a model is registered
        registry.open(settings).prepare()


def _train(settings: Settings, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    with Workspace(settings) as workspace:
        return train(workspace, name, **options).to_json()
