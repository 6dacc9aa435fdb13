"""Where a declared file lies: in a folder, or inside an archive; opened as a stream of bytes, unpacked on the way."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crm.imports.declared import FileSpec, SourceMapping
from crm.imports.errors import FileError


@dataclass(frozen=True)
class Located:
    """A file that exists.

    Attributes
    ----------
    path : Path
        The file, or the archive that holds it.
    member : str or None
        Its name in the archive.
    """

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    @property
    def is_gzip(self) -> bool:
        """Whether the content is packed by gzip."""
        return (self.member or self.path.name).lower().endswith(".gz")

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The content as a stream, unpacked.

        Raises
        ------
        FileError
            If the archive is broken or encrypted.
        """
        try:
            with self._plain() as raw:
                if self.is_gzip:
                    with gzip.open(raw) as unpacked:
                        yield unpacked  # type: ignore[misc]  # GzipFile reads like any binary stream
                else:
                    yield raw
        except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise FileError(
                f"{self} cannot be unpacked ({error}); a whole archive is expected; fetch it again"
            ) from error
        except OSError as error:
            raise FileError(
                f"{self} cannot be read ({error.strerror or error}); mend its place or permissions"
            ) from error

    @contextmanager
    def _plain(self) -> Iterator[IO[bytes]]:
        if self.member is None:
            with self.path.open("rb") as raw:
                yield raw
            return
        with zipfile.ZipFile(self.path) as archive:
            try:
                member: IO[bytes] = archive.open(self.member)
            except (RuntimeError, NotImplementedError) as error:
                raise FileError(
                    f"{self} cannot be unpacked ({error}); an archive without a password is expected"
                ) from error
            with member:
                yield member

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The content as a file that can be read at any place."""
        if self.member is None and not self.is_gzip:
            yield self.path
            return
        suffix = Path((self.member or self.path.name).lower().removesuffix(".gz")).suffix
        with tempfile.NamedTemporaryFile(suffix=suffix) as copy, self.open() as raw:
            shutil.copyfileobj(raw, copy)
            copy.flush()
            yield Path(copy.name)

    def described(self, root: Path) -> dict[str, object]:
        """Path, size and hash, for the run's record."""
        with self.path.open("rb") as raw:
            digest = hashlib.file_digest(raw, "sha256").hexdigest()
        path = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        shown = f"{path}!{self.member}" if self.member else str(path)
        return {"path": shown, "bytes": self.path.stat().st_size, "sha256": digest}


def locate(mapping: SourceMapping, path: Path) -> dict[str, Located]:
    """Find every file of a mapping.

    Parameters
    ----------
    mapping : SourceMapping
    path : Path
        The folder with the files, or the one file itself where the mapping has one (or one of that name).

    Raises
    ------
    FileError
        If the path or a file does not exist; all missing ones are named.
    """
    if not path.exists():
        raise FileError(
            f"{path} does not exist; the folder with the files of {mapping.source} is expected; mend the path"
        )
    found, missing = {}, []
    for name, spec in mapping.files.items():
        located = _at_file(mapping, spec, path) if path.is_file() else _in_folder(spec, path)
        if located is None:
            missing.append(" or ".join(spec.paths))
        else:
            found[name] = located
    if missing:
        place = path.parent if path.is_file() else path
        raise FileError(
            f"{place} has no {', '.join(missing)}; the files of {mapping.source} are expected there; "
            f"put them there, or mend `files` in {mapping.path}"
        )
    return found


def _at_file(mapping: SourceMapping, spec: FileSpec, path: Path) -> Located | None:
    alone = len(mapping.files) == 1 and "!" not in spec.paths[0]
    if alone:
        return Located(path)
    for given in spec.paths:
        name, _, member = given.partition("!")
        if Path(name).name == path.name:
            return _checked(path, member or None)
    return _in_folder(spec, path.parent)


def _in_folder(spec: FileSpec, folder: Path) -> Located | None:
    for given in spec.paths:
        name, _, member = given.partition("!")
        if (folder / name).is_file():
            located = _checked(folder / name, member or None)
            if located is not None:
                return located
    return None


def _checked(path: Path, member: str | None) -> Located | None:
    if member is None:
        return Located(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return Located(path, member) if member in archive.namelist() else None
    except (zipfile.BadZipFile, OSError) as error:
        raise FileError(f"{path} cannot be unpacked ({error}); a zip archive is expected; fetch it again") from error
