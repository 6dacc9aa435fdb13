"""Files that are there whole or not at all, and cells that no spreadsheet runs."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, flush it to the disk, and put it in place.

    Raises
    ------
    OSError
        If the folder cannot be made or the disk is full; what was at `path` is then still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def defuse(text: str) -> str:
    """`text` with an apostrophe before it if a spreadsheet would take it for a formula.

    Examples
    --------
    >>> defuse("=cmd()"), defuse("-3"), defuse("Anna")
    ("'=cmd()", "'-3", 'Anna')
    """
    return "'" + text if text.startswith(_STARTS) or text.lstrip().startswith(_STARTS[:4]) else text
