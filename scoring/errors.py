"""What can be wrong with an artefact or with the values that it is asked to score."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Self

from configs.errors import RapportError


class ArtefactError(RapportError):
    """A model artefact is missing, altered, or of a form that this version does not read."""

    @classmethod
    def missing(cls, path: Path) -> Self:
        """The folder holds no manifest."""
        return cls(
            f"there is no model artefact in {path}; a folder with a manifest.json is expected; train the model again"
        )

    @classmethod
    def unreadable(cls, path: Path, reason: object) -> Self:
        """A file is not what its name says."""
        return cls(f"{path} cannot be read ({reason}); a file written by training is expected; train the model again")

    @classmethod
    def altered(cls, path: Path, expected: str, found: str) -> Self:
        """A file's bytes are not those that its manifest lists."""
        return cls(
            f"{path} was altered (sha256 {found[:12]}…); its manifest lists {expected[:12]}…; "
            "restore the file or train the model again"
        )

    @classmethod
    def unlisted(cls, path: Path, names: Collection[str]) -> Self:
        """The folder holds files that the manifest does not list."""
        return cls(
            f"{path} holds {', '.join(sorted(names))}, which its manifest does not list; "
            "only listed files are expected; remove the file or train the model again"
        )

    @classmethod
    def absent(cls, path: Path, names: Collection[str]) -> Self:
        """The manifest lists files that the folder does not hold."""
        return cls(
            f"{path} lacks {', '.join(sorted(names))}; its manifest lists them; "
            "restore the files or train the model again"
        )

    @classmethod
    def forbidden(cls, name: str, allowed: Collection[str]) -> Self:
        """A file could hold more than data."""
        return cls(
            f"{name!r} is no file of an artefact; plain names ending in {', '.join(sorted(allowed))} are expected; "
            "remove it"
        )

    @classmethod
    def unknown_kind(cls, kind: object, known: Collection[str]) -> Self:
        """No reader knows this kind of model."""
        return cls(
            f"the artefact's kind is {kind!r}; one of {', '.join(sorted(known))} is expected; "
            "update Rapport or train the model again"
        )

    @classmethod
    def unknown_format(cls, found: object, known: int) -> Self:
        """The manifest is of another format version."""
        return cls(
            f"the artefact's format is {found!r}; this version reads format {known}; "
            "update Rapport or train the model again"
        )


class FrameError(RapportError):
    """The values handed to a model lack what it needs."""

    @classmethod
    def lacks(cls, model: str, refs: Collection[str]) -> Self:
        """Features are missing."""
        names = sorted(refs)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return cls(
            f"the values for {model!r} lack {', '.join(names[:3])}{more}; every feature of the model is expected; "
            "read the features named in the model's refs"
        )


class FileError(RapportError):
    """A file of feature values cannot be scored."""

    @classmethod
    def unusable(cls, source: Path, target: Path, reason: object) -> Self:
        """It cannot be read, or the scores cannot be written."""
        return cls(
            f"{source} cannot be scored into {target} ({str(reason).splitlines()[0]}); a Parquet file with a column "
            "view__feature for each feature, and a folder to write into, are expected; mend the path"
        )

    @classmethod
    def taken(cls, source: Path, names: Collection[str]) -> Self:
        """It has columns named like those that are written."""
        return cls(
            f"{source} already has the column {', '.join(names)}; columns of other names are expected, because scoring "
            "writes it; rename the column"
        )


class LogError(RapportError):
    """An answer could not be written into the prediction log."""

    @classmethod
    def fields(cls, missing: Collection[str], unknown: Collection[str], known: Collection[str]) -> Self:
        """The answer is not made of the log's columns."""
        wrong = [f"lacks {', '.join(missing)}"] if missing else []
        wrong += [f"has the unknown {', '.join(unknown)}"] if unknown else []
        return cls(
            f"an answer for the prediction log {' and '.join(wrong)}; its columns are {', '.join(known)}; name them so"
        )

    @classmethod
    def unwritable(cls, path: Path, reason: object) -> Self:
        """The file system refused."""
        return cls(
            f"the prediction log {path} cannot be written ({reason}); room and permission are expected; "
            "free the disk or mend the folder's rights"
        )


class PopulationError(RapportError):
    """The text that says whom a model may score cannot be used."""

    @classmethod
    def unusable(cls, text: str, reason: object) -> Self:
        """The expression is broken or uses what is not allowed."""
        return cls(
            f"the population {text!r} cannot be used ({reason}); a comparison of features such as "
            "'buying__orders_365d > 0' is expected; train the model again"
        )
