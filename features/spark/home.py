"""The Spark home itself: columns for a spine and packed states, group by group on Spark's workers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.catalogue import flat
from features.errors import SparkError
from features.history.log import LogReader, Logs
from features.kernel.program import Ints
from features.offline import Moments
from features.recipe import Recipe
from features.spark.exports import export, export_frozen
from features.spark.group import Worker, filling, packing
from features.spark.session import keep, quiet, start
from features.spark.spine import PLACE, clocked, placed, quoted, spine_frame
from features.spark.stream import CLOCKS, GROUP, Share, group_of, input_column, parquet, stream

BATCH = 1_024  # packed states read at a time
ANSWERS = "answers"


class SparkHome:
    """Answers like the offline home and packs like the online one, on Spark.

    Nothing of Spark is loaded before the first question.

    Parameters
    ----------
    history : Logs
    folder : Path
        For Parquet on its way to Spark's workers and back; each sees it under this path.
    master : str
        ``local[*]``, ``spark://host:7077``, …
    memory_mb : int
    group_rows : int
        About how many rows a worker holds at a time.
    """

    def __init__(
        self,
        history: Logs,
        folder: Path,
        master: str = "local[*]",
        memory_mb: int = 1_024,
        group_rows: int = 500_000,
    ) -> None:
        self._history = history
        self._folder = folder
        self._master = master
        self._memory_mb = memory_mb
        self._group_rows = group_rows
        self._started: Any = None

    def fill(self, asked: Recipe, moments: Moments, *, watermark: int | None = None) -> dict[str, np.ndarray]:
        """The column of each reference of a recipe for a spine; see `features.offline.fill`.

        Raises
        ------
        SparkError
            If Spark is absent or does not start.
        """
        given: dict[str, np.ndarray] = {"place": np.arange(len(moments))}
        given |= zip(CLOCKS, (moments.entities, moments.moments, moments.knowns), strict=True)
        given |= {input_column(name): moments.inputs[name] for name in asked.inputs}
        with self._work() as folder:
            left = self._sent(pa.table(given), folder)
            keep(self._filled(left, asked, folder, watermark), folder / ANSWERS)
            table = pq.read_table(folder / ANSWERS)
        table = table.take(np.argsort(table.column("place").to_numpy()))
        return {ref: values(table.column(flat(ref))) for ref in asked.refs}

    def write(self, asked: Sequence[Recipe], spine: Path, target: Path, *, watermark: int | None = None) -> None:
        """Parquet to Parquet: a spine with a column for each reference, its rows in their order, never on one machine.

        Parameters
        ----------
        asked : sequence of Recipe
            One for each entity.
        spine : Path
            A Parquet file or folder with ``<entity>_id`` (whole numbers) of each recipe, ``as_of`` (moments in UTC, or
            whole µs), perhaps ``known_before`` (the same), and any other columns.
        target : Path
            A folder of Parquet files, made here. A feature's column is ``view__feature``: doubles or texts, null where
            there is no value.
        watermark : int, optional
            Only rows that had arrived by then.

        Raises
        ------
        SpineError
            If a column of the spine is missing, null, naive, of the wrong type, or named like a feature.
        SparkError
            If `target` exists, or Spark is absent or does not start.
        """
        if target.exists():
            raise SparkError(f"{target} exists already; a new folder is expected; remove it or choose another")
        for item in asked:
            if item.entity.parts:
                raise SparkError(
                    f"{item.entity.table} are known by codes that this machine keeps; features of one key are expected "
                    "in a spine of Parquet; ask for these with historical_features"
                )
        with self._work() as folder:
            given = spine_frame(self._session(), spine.resolve(), asked)
            frame = placed(given)
            for item in asked:
                frame = self._filled(clocked(frame, item), item, folder, watermark)
            columns = [*given.columns, *(flat(ref) for item in asked for ref in item.refs)]
            keep(frame.orderBy(*PLACE).select(*map(quoted, columns)), target.resolve())

    def pack(self, readers: Sequence[LogReader], ids: Ints) -> Iterator[memoryview]:
        """The packed state of each of some entities, in order; see `features.online.pack.pack`.

        Parameters
        ----------
        readers : sequence of LogReader
            One for each log of the layout, in order.
        ids : int64[E]
        """
        if not len(ids):
            return
        with self._work() as folder:
            left = self._sent(pa.table({"place": np.arange(len(ids)), CLOCKS[0]: ids}), folder)
            states = self._meet(left, readers, packing, "place bigint, state binary", folder, None)
            keep(states.orderBy("place"), folder / ANSWERS)
            for path in sorted((folder / ANSWERS).glob("*.parquet")):
                for batch in pq.ParquetFile(path).iter_batches(BATCH, columns=["state"]):
                    for state in batch.column("state"):
                        yield memoryview(state.as_buffer()).cast("B")

    def forget(self) -> None:
        """Remove every export; the next question writes them again."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Stop the session if it was started here."""
        if self._started is not None:
            self._started.stop()
            self._started = None

    def _filled(self, left: Any, asked: Recipe, folder: Path, watermark: int | None) -> Any:
        moved = (*CLOCKS, *map(input_column, asked.inputs))
        kept = [f"{quoted(name)} {kind}" for name, kind in left.dtypes if name not in moved]
        answers = [
            f"{flat(ref)} {'string' if slot in asked.categories else 'double'}"
            for ref, slot in zip(asked.refs, asked.places, strict=True)
        ]
        readers = [self._history.reader(log) for log in asked.by_log()]
        schema = ", ".join([*kept, *answers])
        return self._meet(left, readers, lambda shares: filling(shares, asked), schema, folder, watermark)

    def _meet(
        self,
        left: Any,
        readers: Sequence[LogReader],
        worker: Callable[[Sequence[Share]], Worker],
        schema: str,
        folder: Path,
        watermark: int | None,
    ) -> Any:
        """Bring rows and those of the logs together, by entity: what `worker` makes of each group."""
        session = self._session()
        paths = [self._export(reader, folder, watermark) for reader in readers]
        shares = [Share(item.log, item.state, item.dictionary.texts) for item in readers]
        groups = self._groups(session, readers)
        with quiet():
            from pyspark.sql import functions as sql

            rows = left.withColumn(GROUP, group_of(sql, sql.col(CLOCKS[0]), groups)).repartition(groups, GROUP)
            events = stream(session, shares, paths, groups).repartition(groups, GROUP)
            return rows.groupBy(GROUP).cogroup(events.groupBy(GROUP)).applyInArrow(worker(shares), schema)

    def _sent(self, table: pa.Table, folder: Path) -> Any:
        pq.write_table(table, folder / "rows.parquet")
        return parquet(self._session(), folder / "rows.parquet")

    def _export(self, reader: LogReader, folder: Path, watermark: int | None) -> Path:
        if watermark is None or watermark >= reader.state.watermark:
            return export(reader, self._folder)
        return export_frozen(reader, watermark, folder)

    def _groups(self, session: Any, readers: Sequence[LogReader]) -> int:
        rows = sum(item.state.rows + item.state.delta_rows for item in readers)
        return max(int(session.sparkContext.defaultParallelism), -(-rows // self._group_rows))

    def _session(self) -> Any:
        session, is_ours = start(self._master, self._memory_mb)
        if is_ours:
            self._started = session
        return session

    @contextmanager
    def _work(self) -> Iterator[Path]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="work-", dir=self._folder) as folder:
            yield Path(folder)


def values(column: pa.ChunkedArray) -> np.ndarray:
    """Texts as objects (None null), numbers as float64 (NaN null)."""
    if not pa.types.is_string(column.type):
        return np.asarray(pc.fill_null(column, np.nan).to_numpy(), np.float64)
    found = np.empty(len(column), object)
    found[:] = column.to_pylist()
    return found
