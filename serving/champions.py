"""Which versions answer right now: loaded, tested, and swapped in one step while requests go on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from registry import ModelVersion, Registry
from scoring import Model
from serving import errors
from serving.metrics import Metrics

logger = logging.getLogger("rapport.serving")

RETRY_SECONDS = 30.0  # how often a champion that could not be used is tried again


@dataclass(frozen=True)
class Served:
    """One version that answers: its model, loaded and tested."""

    name: str
    version: str
    grade: str
    warning: str | None
    model: Model
    loaded_at: float = field(default_factory=time.time, compare=False)


@dataclass(frozen=True)
class Waiting:
    """A model that was trained, but of which no version answers."""

    version: str
    grade: str
    why: str


@dataclass(frozen=True)
class View:
    """What answers at one moment; a request keeps the view that it began with."""

    served: Mapping[str, Served] = field(default_factory=lambda: MappingProxyType({}))
    problems: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    waiting: Mapping[str, Waiting] = field(default_factory=lambda: MappingProxyType({}))


class Champions:
    """The champions of all models.

    Parameters
    ----------
    shelf : Registry
    load : callable
        Loads a version and proves that it answers; raises what it likes when it does not.
    metrics : Metrics
    trainable : sequence of str
        Names of models that could be trained, so that an untrained one is not called unknown.
    """

    def __init__(
        self, shelf: Registry, load: Callable[[ModelVersion], Model], metrics: Metrics, trainable: Sequence[str] = ()
    ) -> None:
        self._shelf = shelf
        self._load = load
        self._metrics = metrics
        self._trainable = tuple(trainable)
        self._token: str | None = None
        self._tried_at = 0.0
        self._kept: dict[tuple[str, str], Served] = {}
        self._lock = threading.Lock()
        self.view = View()
        self.lost: str | None = None

    def get(self, name: str) -> Served:
        """The champion of a model.

        Raises
        ------
        ServingError
            404 when no model has this name, 409 without a champion, 503 when the champion cannot be used.
        """
        view = self.view
        if name in view.served:
            return view.served[name]
        if name in view.problems:
            raise errors.broken_champion(name, view.problems[name])
        if name in view.waiting:
            newest = view.waiting[name]
            raise errors.without_champion(name, newest.version, newest.grade, newest.why)
        if name in self._trainable:
            raise errors.untrained_model(name)
        raise errors.unknown_model(name, self.names())

    def names(self) -> list[str]:
        """Every model that is known here, served or not."""
        view = self.view
        return sorted({*view.served, *view.problems, *view.waiting, *self._trainable})

    def refresh(self) -> bool:
        """Take up what moved since the last call; a champion that cannot be used leaves the old one answering.

        Returns
        -------
        bool
            Whether another view answers now.
        """
        with self._lock:
            token = self._shelf.token()
            is_due = bool(self.view.problems) and time.monotonic() - self._tried_at > RETRY_SECONDS
            if token == self._token and not is_due:
                return False
            self._tried_at = time.monotonic()
            before, after = self.view, self._look()
            self.view = after
            self._token = token
            self._metrics.serving((item.name, item.version, item.grade) for item in after.served.values())
            return before != after

    def _look(self) -> View:
        served: dict[str, Served] = {}
        problems: dict[str, str] = {}
        waiting: dict[str, Waiting] = {}
        for name in self._shelf.models():
            champion = self._shelf.alias(name, "champion")
            if champion is None:
                waiting[name] = self._newest(name)
                continue
            try:
                served[name] = self._take(name, champion)
            except Exception as error:  # whatever a broken artefact raises, the old version goes on answering
                problems[name] = f"version {champion.version}: {error}"
                logger.error("%s version %s is refused: %s", name, champion.version, error)
                self._metrics.swapped(name, "refused")
                if name in self.view.served:
                    served[name] = self.view.served[name]
        return View(MappingProxyType(served), MappingProxyType(problems), MappingProxyType(waiting))

    def _newest(self, name: str) -> Waiting:
        newest, decisions = self._shelf.versions(name)[-1], self._shelf.decisions(name)
        return Waiting(newest.version, newest.grade, decisions[-1].reason if decisions else "not decided yet")

    def _take(self, name: str, champion: ModelVersion) -> Served:
        current = self.view.served.get(name)
        if current is not None and current.version == champion.version:
            return current
        served = self._kept.get((name, champion.version)) or Served(
            name, champion.version, champion.grade, warning_of(champion), self._load(champion)
        )
        kept = [item for item in (current, served) if item is not None]
        self._kept = {key: item for key, item in self._kept.items() if key[0] != name}
        self._kept |= {(name, item.version): item for item in kept}
        if current is not None:
            self._metrics.swapped(name, "swapped")
            logger.info("%s: version %s answers, %s is kept", name, served.version, current.version)
        return served


def warning_of(version: ModelVersion) -> str | None:
    """What must be said beside every answer of a version."""
    if version.grade != "D":
        return None
    return (
        f"version {version.version} of {version.model!r} is of grade D: its scores are hardly better than its "
        "naive rule; do not act on them alone"
    )


class Watcher:
    """A thread that asks every so often whether an alias moved.

    Parameters
    ----------
    champions : Champions
    seconds : float
        Time between two questions.
    """

    def __init__(self, champions: Champions, seconds: float) -> None:
        self._champions = champions
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="champions", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and wait until the thread has ended."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._champions.refresh()
                self._champions.lost = None
            except Exception as error:  # the registry may be away for a while; what is loaded goes on answering
                if self._champions.lost is None:
                    logger.error("the registry does not answer, the loaded versions go on: %s", error)
                self._champions.lost = f"{type(error).__name__}: {error}"
