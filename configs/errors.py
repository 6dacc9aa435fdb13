"""The one error that people see: a sentence saying what is wrong, what is expected, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RapportError(Exception):
    """A mistake that the reader can mend; its text is shown without a traceback.

    Every package derives its own errors from this class. The message is one sentence in three
    parts: what is wrong (with its value), what is expected, and what to do.

    Parameters
    ----------
    sentence : str
    told : mapping, optional
        What a program would otherwise have to read out of the sentence; printed beside it under ``--json``.

    Examples
    --------
    >>> raise RapportError("the port is 'abc'; a whole number is expected; set RAPPORT_SERVE_PORT=3000")
    Traceback (most recent call last):
    ...
    configs.errors.RapportError: the port is 'abc'; a whole number is expected; set RAPPORT_SERVE_PORT=3000
    """

    def __init__(self, sentence: str, *, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.told: Mapping[str, Any] = told or {}

    def to_json(self) -> dict[str, Any]:
        """``{"error": sentence}`` and whatever else it tells.

        Examples
        --------
        >>> RapportError("2 rows are wrong; none is expected; mend them", told={"rows": [3, 8]}).to_json()
        {'error': '2 rows are wrong; none is expected; mend them', 'rows': [3, 8]}
        """
        return {"error": str(self), **self.told}


class SettingsError(RapportError):
    """A setting is unknown or has a value that cannot be used."""
