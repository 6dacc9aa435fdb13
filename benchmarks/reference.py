"""The reference data: customers whose activity falls off like Zipf's law, their events, and a spine; from a seed.

100,000 customers and 10 million events over three years (median 38 events a customer, most 10,000), a spine of
500,000 rows. Files are made once in a scratch folder and kept there between runs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20260101
DAY = 86_400_000_000
BEGIN = 1_640_995_200_000_000  # 2022-01-01
SPAN = 3 * 365 * DAY
PIECE = 1_000_000  # events made at a time
CATEGORIES = 40
WIDE = tuple(f"c{number:02d}" for number in range(20))
PER_CUSTOMER = 100
STEEPNESS, KNEE = 0.89, 95.6  # of 100,000 customers these make a median of 38 events and a maximum of 10,000

Columns = dict[str, pa.Array]
Draw = np.random.Generator


def scratch() -> Path:
    """Where the files are kept: ``RAPPORT_BENCH_DIR``, or a folder for temporary files."""
    return Path(os.environ.get("RAPPORT_BENCH_DIR") or Path(tempfile.gettempdir()) / "rapport-bench")


@dataclass(frozen=True)
class Reference:
    """One size of the reference data.

    Attributes
    ----------
    events, spine : int
        How many rows.
    folder : Path
    """

    events: int = 10_000_000
    spine: int = 500_000
    folder: Path = field(default_factory=scratch)

    @property
    def customers(self) -> int:
        """How many customers; their ids begin with 1."""
        return max(self.events // PER_CUSTOMER, 10)

    @property
    def raw(self) -> Path:
        """Parquet in order of time: ``customer_id``, ``occurred_at``, ``amount`` (ten-thousandths), ``category``."""
        return self._made("events", purchase)

    @property
    def wide(self) -> Path:
        """The same events with the twenty floats `WIDE` in place of amount and category."""
        return self._made("wide", lambda draw, rows: {name: pa.array(draw.random(rows)) for name in WIDE})

    def day(self, number: int) -> pa.Table:
        """A day after all of it: a thousandth of the events, those of active customers more often."""
        draw = np.random.default_rng(SEED + 2 + number)
        rows, begin = max(self.events // 1_000, 1), BEGIN + SPAN + number * DAY
        return pa.table({**_who_and_when(draw, self._edges(), rows, begin, begin + DAY), **purchase(draw, rows)})

    @property
    def questions(self) -> pd.DataFrame:
        """The spine in no order: ``customer_id``, ``as_of`` (µs)."""
        draw = np.random.default_rng(SEED + 1)
        ids = draw.integers(1, self.customers + 1, self.spine)
        return pd.DataFrame({"customer_id": ids, "as_of": BEGIN + draw.integers(0, SPAN, self.spine)})

    def _edges(self) -> np.ndarray:
        ranks = np.arange(self.customers) * (100_000 / self.customers)
        weights = (1 + ranks / KNEE) ** -STEEPNESS
        return np.cumsum(weights / weights.sum())

    def _made(self, name: str, values: Callable[[Draw, int], Columns]) -> Path:
        path = self.folder / f"{name}-{self.events}.parquet"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            self._write(fresh, values)
            fresh.replace(path)
        return path

    def _write(self, path: Path, values: Callable[[Draw, int], Columns]) -> None:
        draw, edges, writer = np.random.default_rng(SEED), self._edges(), None
        pieces = -(-self.events // PIECE)
        for piece in range(pieces):
            rows = min(PIECE, self.events - piece * PIECE)
            low, high = (BEGIN + SPAN * step // pieces for step in (piece, piece + 1))
            table = pa.table({**_who_and_when(draw, edges, rows, low, high), **values(draw, rows)})
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()


def _who_and_when(draw: Draw, edges: np.ndarray, rows: int, low: int, high: int) -> Columns:
    # the most active are not those with the smallest ids
    ids = np.random.default_rng(SEED).permutation(len(edges)) + 1
    places = np.searchsorted(edges, draw.random(rows)).clip(max=len(edges) - 1)
    moments = pa.array(np.sort(draw.integers(low, high, rows))).cast(pa.timestamp("us", tz="UTC"))
    return {"customer_id": pa.array(ids[places]), "occurred_at": moments}


def purchase(draw: Draw, rows: int) -> Columns:
    """Amounts and categories of some purchases."""
    names = pa.array([f"category {number:02d}" for number in range(CATEGORIES)])
    codes: Any = draw.integers(0, CATEGORIES, rows).astype(np.int32)
    cents = (draw.lognormal(3, 1, rows) * 100).round().astype(np.int64)
    return {"amount": pa.array(cents * 100), "category": pa.DictionaryArray.from_arrays(codes, names)}
