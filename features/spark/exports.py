"""Exports: each log as Parquet where Spark's workers see it, written again only when the log has changed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from features.history.exchange import as_arrow, export_log
from features.history.frozen import FrozenReader
from features.history.log import LogReader


def export(reader: LogReader, folder: Path) -> Path:
    """The Parquet files of a log as it stands now, below `folder`; whole or not at all.

    What an earlier job may still be reading stays until the next export.
    """
    target = folder / reader.log.name / f"{reader.state.generation}-{reader.state.delta or 'whole'}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        before = sorted(target.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in before[:-1]:
            shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as writing:
            export_log(reader, Path(writing) / "log")
            try:
                (Path(writing) / "log").replace(target)
            except OSError:
                if not target.exists():  # otherwise another process wrote the same first
                    raise
    return target


def export_frozen(reader: LogReader, watermark: int, folder: Path) -> Path:
    """The Parquet file, below `folder`, of a log as it stood when only rows up to a watermark had arrived."""
    target = folder / reader.log.name
    target.mkdir(parents=True)
    frozen = FrozenReader(reader, watermark)
    for number in range(frozen.state.buckets):
        pq.write_table(as_arrow(frozen.standing(number), frozen), target / f"bucket-{number:05d}.parquet")
    return target
