"""The one error that people see: a sentence saying what is wrong, what is expected, and what to do."""

from __future__ import annotations


class RapportError(Exception):
    """A mistake that the reader can mend; its text is shown without a traceback.

    Every package derives its own errors from this class. The message is one sentence in three
    parts: what is wrong (with its value), what is expected, and what to do.

    Examples
    --------
    >>> raise RapportError("the port is 'abc'; a whole number is expected; set RAPPORT_SERVE_PORT=3000")
    Traceback (most recent call last):
    ...
    configs.errors.RapportError: the port is 'abc'; a whole number is expected; set RAPPORT_SERVE_PORT=3000
    """


class SettingsError(RapportError):
    """A setting is unknown or has a value that cannot be used."""
