"""What a model file declares, and what it is given to learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from configs import Settings
from crm.records import Records
from features.store import FeatureStore
from scoring import Candidate, Evidence, Model
from training.errors import TrainingError

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything that a model may use to make a candidate.

    Attributes
    ----------
    settings : Settings
    store : FeatureStore
    records : Records
    as_of : int or None
        Moment (µs) up to which records may be used; None means the earliest end of the sources in use.
    horizon_days : int or None
        How far ahead an outcome counts; None means the model's own.
    random_split : bool
        Whether outcomes that a source states without times may be split at random.
    seed : int
    progress : callable
        Told in words what is being done.
    champion_params : mapping or None
        Parameters of the champion's final fit, tried first by a search.
    champion : Model or None
        The version that answers now; segments that continue its segments keep their names.
    """

    settings: Settings
    store: FeatureStore
    records: Records
    as_of: int | None = None
    horizon_days: int | None = None
    random_split: bool = False
    seed: int = 20_111
    progress: Progress = lambda _: None
    champion_params: Mapping[str, Any] | None = None
    champion: Model | None = None

    def at(self, as_of: int) -> Self:
        """The same context with a moment."""
        return replace(self, as_of=as_of)

    def check_split(self, name: str) -> None:
        """Refuse a random split of what happened in time.

        Raises
        ------
        TrainingError
            If one was asked for.
        """
        if self.random_split:
            raise TrainingError.dated(name, "read from records of what happened")

    @property
    def candidates_dir(self) -> Path:
        """Folder into which artefacts are written."""
        return self.settings.artefacts_dir / "candidates"


@runtime_checkable
class ModelSpec(Protocol):
    """A model as a file in ``training/models`` defines it under the name ``model``.

    Attributes
    ----------
    name : str
        Its name in commands, addresses and the registry; that of its file.
    kind : str
        How its artefact is read: ``binary``, ``segmentation``, ``recommendation``.
    entity : str
        What it scores.
    title : str
        A few words for lists.
    rests_on : tuple of str
        Tables of which one at least must hold rows for there to be anything to learn; none: whatever there is.

    Notes
    -----
    One with ``on_request = True`` is trained by name or by ``--all``, neither in the demo nor missed in the daily run.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def entity(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def rests_on(self) -> tuple[str, ...]: ...  # noqa: D102

    def fit(self, context: Context) -> Candidate:
        """Learn from the records and features of `context`.

        Raises
        ------
        TrainingError
            If there is nothing to learn from.
        """

    def evidence(self, context: Context, model: Model, candidate: Candidate) -> Evidence | None:
        """What another version answers on a candidate's test rows; None where the two cannot be compared."""
