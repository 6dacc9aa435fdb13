"""The prediction log: every answer that was given, one JSON line each, appended by any number of processes."""

from __future__ import annotations

import errno
import json
import os
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from crm.clock import DAY, from_micros
from scoring.errors import LogError

SCHEMA = pa.schema(
    [
        ("at", pa.int64()),
        ("model", pa.string()),
        ("version", pa.string()),
        ("entity", pa.string()),
        ("id", pa.string()),
        ("entity_id", pa.int64()),
        ("as_of", pa.int64()),
        ("status", pa.string()),
        ("score", pa.float64()),
        ("band", pa.string()),
        ("request", pa.string()),
        ("features", pa.string()),
        ("watermark", pa.int64()),
        ("inputs", pa.string()),
    ]
)
"""Columns of the log: moments in µs UTC; ``features`` is a JSON object of the values used, or null; ``watermark`` is
the greatest arrival number that they rest on; ``inputs`` is a JSON object of the numbers that came with a question."""

REQUIRED = ("at", "model", "version", "id", "status")


class PredictionLog:
    """Answers by model and day, in files that only ever grow.

    Parameters
    ----------
    directory : Path
        ``settings.predictions_dir``; files are ``<model>/<yyyy-mm-dd>/<process>.jsonl``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, PredictionLog(Path(folder)) as log:
    ...     log.append([{"at": 0, "model": "churn", "version": "1", "id": "17850", "status": "ok", "score": 0.25}])
    ...     log.read("churn").column("score").to_pylist()
    [0.25]
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._open: dict[Path, int] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, answers: Sequence[Mapping[str, Any]]) -> None:
        """Write answers, each as one whole line.

        Parameters
        ----------
        answers : sequence of mapping
            Keys of `SCHEMA`; ``at, model, version, id, status`` are required; ``features`` and ``inputs`` may be
            mappings.

        Raises
        ------
        LogError
            If a key is unknown or a required one is missing, or the disk takes no more.
        """
        lines: dict[Path, list[bytes]] = {}
        for answer in answers:
            lines.setdefault(self._path(answer), []).append(_line(answer))
        with self._lock:
            for path, block in lines.items():
                self._write(path, b"".join(block))

    def read(self, model: str, since: int | None = None) -> pa.Table:
        """Every answer of a model, in the order of the files and their lines.

        Parameters
        ----------
        model : str
        since : int, optional
            Only answers given at or after this moment (µs).

        Returns
        -------
        pyarrow.Table
            Columns of `SCHEMA`. A line that was cut off by a crash is left out.
        """
        rows = [row for row in self._rows(model, since) if since is None or row["at"] >= since]
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def sample(self, model: str, rows: int, *, since: int | None = None, seed: int = 0) -> pa.Table:
        """Some answers that rest on features, each as likely as the others, in the order in which they were given.

        Parameters
        ----------
        model : str
        rows : int
            At most so many; only they are held in memory.
        since : int, optional
            Only answers given at or after this moment (µs).
        seed : int

        Returns
        -------
        pyarrow.Table
            Columns of `SCHEMA`.
        """
        draw, kept, seen = random.Random(seed), dict[int, dict[str, Any]](), 0  # noqa: S311 - a sample, no secret
        for row in self._rows(model, since):
            if row.get("features") is None or (since is not None and row["at"] < since):
                continue
            place = seen if seen < rows else draw.randrange(seen + 1)
            if place < rows:
                kept[place] = row | {"_place": seen}
            seen += 1
        chosen = sorted(kept.values(), key=lambda row: int(row["_place"]))
        return pa.Table.from_pylist(chosen, schema=SCHEMA)

    def close(self) -> None:
        """Close the open files."""
        with self._lock:
            for descriptor in self._open.values():
                os.close(descriptor)
            self._open.clear()

    def _path(self, answer: Mapping[str, Any]) -> Path:
        missing = [name for name in REQUIRED if answer.get(name) is None]
        unknown = sorted(set(answer) - set(SCHEMA.names))
        if missing or unknown:
            raise LogError.fields(missing, unknown, SCHEMA.names)
        day = from_micros(int(answer["at"])).date().isoformat()
        return self.directory / str(answer["model"]) / day / f"{os.getpid()}.jsonl"

    def _write(self, path: Path, block: bytes) -> None:
        try:
            if path not in self._open:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._open[path] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
                self._forget(path)
                if path.stat().st_size:  # the last line may have been cut off
                    block = b"\n" + block
            if os.write(self._open[path], block) < len(block):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            if path in self._open:
                os.close(self._open.pop(path))
            raise LogError.unwritable(path, error) from error

    def _forget(self, path: Path) -> None:
        for old in [item for item in self._open if item.parent.parent == path.parent.parent and item != path]:
            os.close(self._open.pop(old))

    def _rows(self, model: str, since: int | None) -> Iterator[dict[str, Any]]:
        first = "" if since is None else from_micros(since - DAY).date().isoformat()
        folder = self.directory / model
        for day in sorted(folder.iterdir()) if folder.is_dir() else []:
            if day.name < first:
                continue
            for path in sorted(day.glob("*.jsonl")):
                yield from _parse(path)


def _line(answer: Mapping[str, Any]) -> bytes:
    row = dict(answer)
    for name in ("features", "inputs"):
        if isinstance(row.get(name), Mapping):
            row[name] = json.dumps({key: _finite(value) for key, value in row[name].items()})
    if "score" in row:
        row["score"] = _finite(row["score"])
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _finite(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return number if number - number == 0 else None


def _parse(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:  # cut off by a crash or a full disk
                continue
