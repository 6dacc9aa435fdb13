"""Files that were written for people and kept in the workspace: exports, rejects, reports."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def remove_files(folders: Iterable[Path], texts: Iterable[str]) -> dict[str, int]:
    """Remove every file that names one of some people; such a file is made again from the records.

    A file is removed whole: its checksum and its totals would not hold without the row.

    Parameters
    ----------
    folders : iterable of Path
    texts : iterable of str
        Numbers and addresses; each must stand by itself, ``12`` is not found in ``123``, ``2026-07-12`` or ``3.12``.

    Returns
    -------
    dict of str to int
        Files removed, by name of folder; absent where there were none.
    """
    words = [re.escape(text.encode()) for text in texts if text]
    if not words:
        return {}
    pattern = re.compile(rb"(?<![0-9A-Za-z])(?<![0-9][-.:/])(?:" + b"|".join(words) + rb")(?![0-9A-Za-z]|[-.:/][0-9])")
    removed: dict[str, int] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and any(pattern.search(part) for part in contents(path)):
                path.unlink()
                removed[folder.name] = removed.get(folder.name, 0) + 1
    return removed


def contents(path: Path) -> Iterator[bytes]:
    """What a file says, unpacked where it is packed (ZIP, XLSX, gzip, Parquet), its name included."""
    yield path.name.encode()
    start = path.read_bytes()[:4]
    if start == b"PK\3\4" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.read(name)
    elif start[:2] == b"\x1f\x8b":
        with gzip.open(path) as file:
            yield file.read()
    elif start == b"PAR1":
        for column in pq.read_table(path).columns:
            yield "\n".join(str(value) for value in column.cast(pa.string(), safe=False).to_pylist()).encode()
    else:
        yield path.read_bytes()
