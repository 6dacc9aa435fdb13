"""Reports appear whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from monitoring.errors import MonitoringError


def place(path: Path, text: str) -> None:
    """Write a text file, replacing an older one at once.

    Raises
    ------
    MonitoringError
        If the disk takes no more or the folder may not be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place(Path(folder) / "watch" / "a.json", "{}")
    ...     (Path(folder) / "watch" / "a.json").read_text()
    '{}'
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise MonitoringError.unwritable(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
