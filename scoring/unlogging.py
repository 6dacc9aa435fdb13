"""Taking people out of the prediction log: their lines become blanks of the same length, in place.

Nothing moves, so a server that appends to the same file meanwhile loses no answer; readers skip blank lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path


def erase_answers(directory: Path, ids: Mapping[str, Collection[int]], numbers: Collection[str]) -> int:
    """Blank every answer about some people.

    Parameters
    ----------
    directory : Path
        ``settings.predictions_dir``.
    ids : mapping of str to collection of int
        Record ids by kind of entity (``customer``).
    numbers : collection of str
        Numbers under which they were asked for, known or not.

    Returns
    -------
    int
        Lines blanked; a line that cannot be read counts, since nobody can tell whose it is, when it holds a number.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "churn.jsonl"
    ...     _ = path.write_text('{"id": "7"}\\n{"id": "8"}\\n')
    ...     erase_answers(Path(folder), {}, ["7"]), path.read_text()
    (1, '           \\n{"id": "8"}\\n')
    """
    return sum(_blank(path, ids, numbers) for path in sorted(directory.rglob("*.jsonl")))


def _blank(path: Path, ids: Mapping[str, Collection[int]], numbers: Collection[str]) -> int:
    count, place = 0, 0
    with path.open("r+b") as file:
        for line in file:
            length = len(line.rstrip(b"\n"))
            if _speaks_of(line, ids, numbers):
                os.pwrite(file.fileno(), b" " * length, place)
                count += 1
            place += len(line)
        os.fsync(file.fileno())
    return count


def _speaks_of(line: bytes, ids: Mapping[str, Collection[int]], numbers: Collection[str]) -> bool:
    try:
        row = json.loads(line)
    except ValueError:
        return any(number.encode() in line for number in numbers)
    return row.get("id") in numbers or row.get("entity_id") in ids.get(str(row.get("entity")), ())
