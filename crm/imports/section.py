"""One part of a mapping file, read key by key; every mistake names the file, the key and what is expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from crm.imports.errors import MappingError


class Section:
    """A YAML mapping with its place in the file.

    Parameters
    ----------
    path : Path
        The mapping file.
    where : str
        The keys that lead here (``"tables.orders"``), empty at the top.
    values : object
        What YAML read.
    known : sequence of str, optional
        The keys that may occur; any other is an error.

    Raises
    ------
    MappingError
        If `values` holds no keys, or an unknown one.

    Examples
    --------
    >>> Section(Path("shop.yaml"), "files.lines", {"pth": "a.csv"}, ("path", "format"))
    Traceback (most recent call last):
    ...
    crm.imports.errors.MappingError: shop.yaml: files.lines.pth is unknown; path, format are expected; write 'path'
    """

    def __init__(self, path: Path, where: str, values: object, known: Sequence[str] | None = None) -> None:
        self.path = path
        self.where = where
        if not isinstance(values, dict):
            raise MappingError(
                f"{path}: {where or 'the file'} is {_shown(values)}; keys with values are expected; mend it"
            )
        self.values: Mapping[str, Any] = {str(key): value for key, value in values.items()}
        for key in self.values:
            if known is not None and key not in known:
                near = get_close_matches(key, known, 1)
                todo = f"write {near[0]!r}" if near else "leave it out"
                raise MappingError(f"{path}: {self.name(key)} is unknown; {', '.join(known)} are expected; {todo}")

    def name(self, key: str) -> str:
        """The full name of a key."""
        return f"{self.where}.{key}" if self.where else key

    def wrong(self, key: str, expected: str) -> MappingError:
        """The error that `key` is not what is expected."""
        if key not in self.values:
            return MappingError(f"{self.path}: {self.name(key)} is missing; {expected} is expected; add it")
        value = _shown(self.values[key])
        return MappingError(f"{self.path}: {self.name(key)} is {value}; {expected} is expected; mend it")

    def text(self, key: str, default: str | None = None, expected: str = "a text") -> str:
        """A text; numbers and dates as YAML wrote them are not taken for one."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, expected)
        return value

    def maybe_text(self, key: str) -> str | None:
        """A text, or nothing."""
        return self.text(key) if self.values.get(key) is not None else None

    def flag(self, key: str) -> bool:
        """True or false; absent is false."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def whole(self, key: str, default: int) -> int:
        """A whole number of at least zero."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, "a whole number from 0 on")
        return value

    def choice(self, key: str, options: Sequence[str], default: str | None = None) -> str:
        """One of the options."""
        value = self.values.get(key, default)
        if value not in options:
            raise self.wrong(key, " or ".join(options))
        return str(value)

    def names(self, key: str) -> Iterator[tuple[str, Any]]:
        """Name and value of each entry below `key`; absent is empty."""
        yield from Section(self.path, self.name(key), self.values.get(key) or {}).values.items()

    def below(self, key: str, values: object, known: Sequence[str] | None = None) -> Section:
        """A section further down."""
        return Section(self.path, self.name(key), values, known)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
