"""A model artefact: a folder of data files, and a manifest that lists the sha256 of each.

The manifest's own sha256 covers every byte of every file and the hashes of what the model was made
from; it is the model's identity. Nothing is pickled, and nothing in an artefact can run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from scoring.errors import ArtefactError

FORMAT = 1
MANIFEST = "manifest.json"
SUFFIXES = (".json", ".md", ".parquet", ".safetensors", ".txt")
_PLAIN = re.compile(r"[a-z][a-z0-9_]*(\.[a-z]+)")

Content: TypeAlias = bytes | str | Mapping[str, Any]


@dataclass(frozen=True)
class Artefact:
    """A verified artefact in memory.

    Attributes
    ----------
    path : Path
        The folder that it was read from.
    manifest : mapping
        ``format, kind, name, entity, refs, files {name: sha256}, hashes {data, spine, code, settings,
        declarations}`` and whatever the kind adds.
    files : mapping of str to bytes
        Content of every file but the manifest.
    sha256 : str
        Identity: the sha256 of the manifest's bytes.
    """

    path: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]
    sha256: str

    def text(self, name: str) -> str:
        """A file's text (UTF-8).

        Raises
        ------
        ArtefactError
            If the artefact has no such file, or it is not text.
        """
        try:
            return self.files[name].decode("utf-8")
        except KeyError:
            raise ArtefactError.absent(self.path, [name]) from None
        except UnicodeDecodeError as error:
            raise ArtefactError.unreadable(self.path / name, error) from error

    def json(self, name: str) -> dict[str, Any]:
        """A file's JSON object.

        Raises
        ------
        ArtefactError
            If the artefact has no such file, or it holds no JSON object.
        """
        return _parse(self.text(name), self.path / name)


def digest(content: bytes) -> str:
    """Sha256 as hexadecimal text.

    Examples
    --------
    >>> digest(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(content).hexdigest()


def encode(content: Content) -> bytes:
    """Bytes of a file: JSON objects with sorted keys and without NaN, so that equal values give equal bytes.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.

    Examples
    --------
    >>> encode({"b": 1, "a": None})
    b'{\\n "a": null,\\n "b": 1\\n}\\n'
    """
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode("utf-8")
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def write(
    parent: Path,
    *,
    kind: str,
    name: str,
    entity: str,
    refs: tuple[str, ...],
    files: Mapping[str, Content],
    hashes: Mapping[str, str],
    **more: Any,
) -> Artefact:
    """Write an artefact into ``parent/<first 16 digits of its sha256>``, whole or not at all.

    Parameters
    ----------
    parent : Path
        Folder of artefacts; made when missing.
    kind : str
        How it is read: ``binary``, ``segmentation``, ``recommendation``.
    name, entity : str
        The model's name, and what it scores (``customer``, ``lead``, …).
    refs : tuple of str
        Feature references ``view:feature`` that the model needs, population included.
    files : mapping of str to bytes, str or JSON object
    hashes : mapping of str to str
        sha256 of data, spine, code, settings and declarations.
    **more
        Further manifest entries, plain JSON. No moments of making: equal input gives equal bytes.

    Returns
    -------
    Artefact
        As read back and verified. Writing the same content again returns the folder that is there.

    Raises
    ------
    ArtefactError
        If a file's name is not plain or its suffix is none of data.
    """
    contents = {item: encode(content) for item, content in files.items()}
    for item in contents:
        _check_name(item)
    manifest = {
        "format": FORMAT,
        "kind": kind,
        "name": name,
        "entity": entity,
        "refs": list(refs),
        "files": {item: digest(content) for item, content in contents.items()},
        "hashes": dict(hashes),
        **more,
    }
    contents[MANIFEST] = encode(manifest)
    target = parent / digest(contents[MANIFEST])[:16]
    if not target.exists():
        _place(parent, target, contents)
    return read(target)


def read(path: Path, *, sha256: str | None = None) -> Artefact:
    """Read and verify an artefact.

    Parameters
    ----------
    path : Path
    sha256 : str, optional
        The identity that it must have.

    Raises
    ------
    ArtefactError
        If a file is missing, altered, unlisted or not data, or the format is another one.
    """
    if not (path / MANIFEST).is_file():
        raise ArtefactError.missing(path)
    raw = (path / MANIFEST).read_bytes()
    identity = digest(raw)
    if sha256 is not None and identity != sha256:
        raise ArtefactError.altered(path / MANIFEST, sha256, identity)
    manifest = _parse(raw.decode("utf-8", errors="replace"), path / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ArtefactError.unknown_format(manifest.get("format"), FORMAT)
    return Artefact(path, manifest, _verified(path, manifest), identity)


def _verified(path: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        raise ArtefactError.unreadable(path / MANIFEST, "it lists no files")
    present = {item.name for item in path.iterdir()} - {MANIFEST}
    if present - set(listed):
        raise ArtefactError.unlisted(path, present - set(listed))
    if set(listed) - present:
        raise ArtefactError.absent(path, set(listed) - present)
    files = {}
    for name, expected in listed.items():
        _check_name(name)
        content = (path / name).read_bytes()
        if digest(content) != expected:
            raise ArtefactError.altered(path / name, str(expected), digest(content))
        files[name] = content
    return files


def _check_name(name: str) -> None:
    if name == MANIFEST or not _PLAIN.fullmatch(name) or Path(name).suffix not in SUFFIXES:
        raise ArtefactError.forbidden(name, SUFFIXES)


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ArtefactError.unreadable(path, error) from error
    if not isinstance(value, dict):
        raise ArtefactError.unreadable(path, f"it holds a {type(value).__name__}")
    return value


def _place(parent: Path, target: Path, contents: Mapping[str, bytes]) -> None:
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=parent))
    try:
        for name, content in contents.items():
            with (temporary / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        try:
            temporary.replace(target)
        except OSError:
            if not target.exists():  # otherwise another process wrote the same content first
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
