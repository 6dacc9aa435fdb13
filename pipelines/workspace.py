"""One workspace: every part of the platform, opened when first asked for, closed together."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import crm
import features
import monitoring
import registry
import reports
import segments
import training
from configs import Settings
from features.as_of import AsOf
from scoring import Model

Progress = Callable[[str, int, int], None]


def _nobody(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


class Workspace:
    """The parts of one workspace, wired.

    Parameters
    ----------
    settings : Settings
    progress : callable, optional
        Called with ``(stage, done, total)`` by everything that takes long.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, load(home=folder) as workspace:
    ...     [source.name for source in workspace.records.sources() if source.tables]
    []
    """

    def __init__(self, settings: Settings, progress: Progress = _nobody) -> None:
        self.settings = settings
        self.progress = progress

    @cached_property
    def records(self) -> crm.Records:
        """What happened, and when we knew it."""
        return crm.open(self.settings)

    @cached_property
    def features(self) -> features.FeatureStore:
        """Numbers about an entity as of a moment."""
        return features.open(self.settings, self.records)

    @cached_property
    def training(self) -> training.Training:
        """From labelled history to one candidate model."""
        return training.open(self.settings, self.features, self.records)

    @cached_property
    def registry(self) -> registry.Registry:
        """Which version answers, and why."""
        return registry.open(self.settings)

    @cached_property
    def segments(self) -> segments.Segments:
        """Who is on a list, and who may be."""
        return segments.open(self.settings, self.records, self.features)

    @cached_property
    def monitoring(self) -> monitoring.Monitoring:
        """Whether the world is still the one that was learned."""
        return monitoring.open(self.settings)

    @cached_property
    def reports(self) -> reports.Reports:
        """Pages and files for people who will not open a notebook."""
        return reports.open(self.settings, self.records)

    def check_model(self, name: str) -> None:
        """Refuse the name of a model that is neither declared nor registered.

        Raises
        ------
        TrainingError
            Naming the models that there are.
        """
        if name not in self.training.models and name not in self.registry.models():
            raise training.TrainingError.unknown_model(name, self.training.models)

    def as_of(self, model: Model) -> AsOf:
        """The moment that `model` answers for when none is given: the earliest end of the sources that it uses."""
        return self.features.default_as_of(model.refs)

    def __repr__(self) -> str:
        return (
            f"<Workspace {self.settings.home}: .records, .features, .training, .registry, .segments, .monitoring and "
            ".reports; help(…) of each tells more>"
        )

    def close(self) -> None:
        """Close every part that was opened."""
        for name in ("segments", "registry", "features", "records"):
            part = self.__dict__.pop(name, None)
            if part is not None and hasattr(part, "close"):
                part.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load(home: str | None = None, progress: Progress = _nobody, **settings: Any) -> Workspace:
    """Open the workspace in `home` (default ``RAPPORT_HOME``, else ``./var``).

    Raises
    ------
    SettingsError
        If a setting is unknown or cannot be used.
    """
    return Workspace(Settings.load(home=home, **settings), progress)
