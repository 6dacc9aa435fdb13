"""What can be wrong when models are registered, promoted or rolled back."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Self

from configs.errors import RapportError


class RegistryError(RapportError):
    """A model or a version is not there, or may not be registered."""

    @classmethod
    def untrained(cls, model: str, known: Collection[str]) -> Self:
        """No version of this model was ever registered."""
        trained = f"trained so far: {', '.join(sorted(known))}" if known else "no model is trained so far"
        return cls(
            f"the model {model!r} has no version; a trained model is expected ({trained}); run `rapport train {model}`"
        )

    @classmethod
    def without_champion(cls, model: str, newest: str, reason: str) -> Self:
        """Versions exist, none answers."""
        return cls(
            f"the model {model!r} has no champion (version {newest}: {reason}); a promoted version is expected; "
            f"train it on more data, or promote a version by name with `rapport promote {model} N`"
        )

    @classmethod
    def unknown_version(cls, model: str, version: str, known: Collection[str]) -> Self:
        """The version does not exist."""
        return cls(
            f"the model {model!r} has no version {version!r}; one of {', '.join(known)} is expected; choose one of them"
        )

    @classmethod
    def nothing_to_roll_back(cls, model: str, champion: str | None) -> Self:
        """There is no earlier champion."""
        now = f"version {champion} answers" if champion else "no version answers"
        return cls(
            f"the model {model!r} has no earlier champion ({now}); a previous champion is expected; "
            f"promote a version by name with `rapport promote {model} N`"
        )

    @classmethod
    def unproven(cls, model: str, found: str) -> Self:
        """The candidate lacks the proof that its exported form gives what the pipeline gives."""
        return cls(
            f"the candidate for {model!r} has no proof that its exported form answers as trained ({found}); "
            "compared validation rows within the tolerance are expected; train it again"
        )

    @classmethod
    def mixed_up(cls, model: str, expected: str, found: str) -> Self:
        """The folder holds another artefact than the candidate's."""
        return cls(
            f"the folder of the candidate for {model!r} holds the artefact {found[:12]}…; "
            f"{expected[:12]}… is expected; train it again"
        )

    @classmethod
    def unknown_alias(cls, alias: str, known: Collection[str]) -> Self:
        """Only four pointers exist."""
        return cls(f"the alias {alias!r} is unknown; one of {', '.join(known)} is expected; choose one of them")

    @classmethod
    def unplaced(cls, model: str, version: str, path: Path | str) -> Self:
        """The registry knows the version, its files are gone."""
        return cls(
            f"the files of {model!r} version {version} are not at {path}; the artefact is expected there; "
            "restore it from a backup or train the model again"
        )

    @classmethod
    def unreachable(cls, url: str, reason: object) -> Self:
        """The tracking server does not answer."""
        return cls(
            f"the tracking store {url} does not answer or refuses ({reason}); "
            "a running MLflow store is expected; start it or mend RAPPORT_TRACKING_URL"
        )

    @classmethod
    def damaged(cls, reason: object) -> Self:
        """The file of the registry is no database any more."""
        return cls(
            f"the registry's file mlflow.db is damaged ({reason}); the SQLite database that trainings wrote is "
            "expected; put back a copy of it, or move it away and train again (records and features are not touched)"
        )

    @classmethod
    def busy(cls, path: Path, seconds: float) -> Self:
        """Another process holds the lock for too long."""
        return cls(
            f"another process has held {path} for more than {seconds:g} s; it is expected to finish; "
            "try again when it has"
        )

    @classmethod
    def unpaired(cls, model: str, reason: str) -> Self:
        """Challenger and champion were not judged on the same rows."""
        return cls(
            f"the champion of {model!r} was judged on other rows than its challenger ({reason}); "
            "the same entities and moments in the same order are expected; "
            "score the champion on the challenger's rows"
        )

    @classmethod
    def unwritable(cls, path: Path, error: OSError) -> Self:
        """The disk takes no more, or the folder may not be written."""
        return cls(
            f"{path} cannot be written ({error.strerror or error}); room and the right to write are expected; "
            "free some or mend RAPPORT_ARTEFACTS_DIR; nothing was registered"
        )

    @classmethod
    def hopeless(cls, model: str, version: str) -> Self:
        """A model of grade D answers nobody."""
        return cls(
            f"version {version} of {model!r} has grade D; A, B or C is expected of a champion; "
            "read its card for the reasons and train on other or more data"
        )

    @classmethod
    def unset_alias(cls, model: str, alias: str) -> Self:
        """The pointer stands on no version."""
        return cls(
            f"the model {model!r} has no {alias}; a version with that alias is expected; "
            f"train or promote one with `rapport train {model}`"
        )
