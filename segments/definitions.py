"""Segment definitions: the YAML files of rule segments, found by name, and the names that are safe for files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from segments.errors import SegmentError, near
from segments.parse import parse
from segments.rule import Rule

CHANNELS = ("email", "phone", "sms", "post", "social", "web")
LARGEST = 65_536  # bytes of a definition
_KEYS = ("segment", "title", "description", "purpose", "channel", "where")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Definition:
    """What a segment is.

    Attributes
    ----------
    name : str
        Lower-case letters, digits, ``_`` and ``-``: safe in file names and addresses.
    kind : str
        ``rule`` or ``model``.
    title, purpose, channel : str
    rule : Rule
    text : str
        The definition as canonical JSON.
    description : str
        What it is, in a sentence; empty where none is given.
    """

    name: str
    kind: str
    title: str
    purpose: str
    channel: str
    rule: Rule
    text: str
    description: str = ""

    @property
    def sha256(self) -> str:
        """Hash of what it says."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def find(folders: Sequence[Path]) -> dict[str, Path]:
    """The definition files by segment name; of two with one name the first folder's counts."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            found.setdefault(path.stem, path)
    return found


def load(path: Path) -> Definition:
    """Read one definition file.

    Raises
    ------
    SegmentError
        If the file cannot be read, is not YAML, or says something outside the language; the sentence names the
        file and the place in it.
    """
    values = _read(path)
    unknown = sorted(str(key) for key in values if key not in _KEYS)
    if unknown:
        raise SegmentError(
            f"{path} has the key {unknown[0]!r}; the keys are {', '.join(_KEYS)}; {near(unknown[0], _KEYS)}"
        )
    missing = [key for key in ("segment", "purpose", "channel", "where") if key not in values]
    if missing:
        raise SegmentError(f"{path} has no {missing[0]!r}; segment, purpose, channel and where are expected; add it")
    name = _text(values, "segment", path)
    if name != path.stem or not is_name(name):
        raise SegmentError(
            f"{path} names the segment {name!r}; the file's own name {path.stem!r}, made of lower-case letters, "
            "digits, _ and -, "
            "is expected; rename one of them"
        )
    channel = _text(values, "channel", path)
    if channel not in CHANNELS:
        raise SegmentError(f"{path} has the channel {channel!r}; one of {', '.join(CHANNELS)} is expected; name one")
    rule = parse(values["where"], f"{path}: where")
    title = _text(values, "title", path) if "title" in values else name.replace("_", " ").capitalize()
    shown = {"purpose": _text(values, "purpose", path), "channel": channel, "where": values["where"]}
    description = _text(values, "description", path) if "description" in values else ""
    return Definition(name, "rule", title, shown["purpose"], channel, rule, canonical(shown), description)


def canonical(values: Any) -> str:
    """Plain values as JSON, the same text for the same content."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def is_name(text: str) -> bool:
    """Whether a text may name a segment.

    Examples
    --------
    >>> is_name("like_best"), is_name("../best")
    (True, False)
    """
    return _NAME.fullmatch(text) is not None


def safe_name(label: str) -> str:
    """A segment name made of a model's label.

    Examples
    --------
    >>> safe_name("Loyal, big spenders!"), safe_name("Gäste")
    ('loyal_big_spenders', 'g_ste')
    """
    parts = re.findall(r"[a-z0-9]+", label.lower())
    return "_".join(parts)[:64] or "segment_" + hashlib.sha256(label.encode()).hexdigest()[:8]


def _read(path: Path) -> dict[Any, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SegmentError(f"{path} cannot be read ({error.strerror}); a YAML file is expected; check it") from error
    if len(content) > LARGEST:
        raise SegmentError(f"{path} has {len(content)} bytes; at most {LARGEST} are expected; make the rule smaller")
    try:
        values = yaml.load(content, _Loader)  # noqa: S506 - a safe loader that also refuses repeated keys and aliases
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise SegmentError(f"{path} is not YAML ({reason}); a segment definition is expected; mend it") from error
    if not isinstance(values, dict):
        raise SegmentError(
            f"{path} holds a {type(values).__name__}; keys and values are expected; start with segment: {path.stem}"
        )
    return values


class _Loader(yaml.SafeLoader):
    """YAML without aliases (which can blow up) and without repeated keys (of which one would be lost)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node, refusing an alias."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's parser
            raise yaml.composer.ComposerError(None, None, "aliases are not used here", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Build a dictionary, refusing a key that was there before."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


def _text(values: dict[Any, Any], key: str, path: Path) -> str:
    value = values[key]
    if not isinstance(value, str) or not value.strip():
        raise SegmentError(f"{path} has {key}: {value!r}; a text is expected; write it in quotes")
    return value.strip()
