"""Counts as people write them on the command line."""

from __future__ import annotations

from argparse import ArgumentTypeError


def count(text: str) -> int:
    """A whole number from 1 on.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is anything else.

    Examples
    --------
    >>> count("5")
    5
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no count; a whole number from 1 on is expected; write 5")
    return int(text)
