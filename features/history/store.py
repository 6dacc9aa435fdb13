"""The history as a whole: which logs there are, up to which arrival, brought up to date in one step."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import filelock

from features.declare.log import Log
from features.errors import HistoryError
from features.history.arrival import Arrival, Sizes
from features.history.keyed import Keyed
from features.history.log import LogReader, LogState
from features.history.rows import needed
from features.reading import Reading

FORMAT = 5
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh brought.

    Attributes
    ----------
    watermark : int
        Greatest arrival number that the history now holds.
    rows : dict of str to int
        New row versions by log; logs without any are absent.
    seconds : float
    """

    watermark: int
    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class History:
    """The logs of a workspace.

    Parameters
    ----------
    folder : Path
    records : Reading
    compact_rows : int
        A log's delta is merged into its buckets once it has more versions than this and than a part of its rows.
    bucket_rows : int
        About how many rows a bucket has.
    memory_mb : int
        Upper bound of the working memory of building, MiB.
    """

    def __init__(
        self,
        folder: Path,
        records: Reading,
        compact_rows: int = 100_000,
        bucket_rows: int = 1_000_000,
        memory_mb: int = 2048,
    ) -> None:
        self.folder = folder
        self.keys = Keyed(records, folder / "keys")
        self._records = self.keys
        self._sizes = Sizes(compact_rows, bucket_rows, memory_mb * 2**20)
        self._logs: dict[str, Log] = {}
        self._wanted: dict[str, set[str]] = {}
        self._readers: dict[str, LogReader] = {}
        self._alone = filelock.FileLock(folder / ".lock")  # the thread that has it may take it again

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process, and thread, from changing the history meanwhile."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone:
            yield

    def want(self, log: Log, columns: Iterable[str] = ()) -> None:
        """Declare that a log is used, with columns beyond those that are always kept."""
        self._logs.setdefault(log.name, log)
        self._wanted.setdefault(log.name, set(log.standing)).update(columns)

    def named(self, name: str) -> Log:
        """A log by its name.

        Raises
        ------
        HistoryError
            If no view reads such a log.
        """
        if name not in self._logs:
            raise HistoryError(
                f"the log {name!r} is unknown; one of {', '.join(sorted(self._logs))} is expected; correct the name, "
                "or hand over the source that declares it"
            )
        return self._logs[name]

    def columns(self, log: Log) -> tuple[str, ...]:
        """The value columns that a log is to hold, sorted."""
        return tuple(sorted(self._wanted[log.name]))

    @property
    def manifest(self) -> dict[str, LogState]:
        """The state of each log on disk."""
        path = self.folder / "manifest.json"
        if not path.exists():
            return {}
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            logs = content["logs"] if content["format"] == FORMAT else {}
            return {name: LogState(**(state | {"columns": tuple(state["columns"])})) for name, state in logs.items()}
        except (ValueError, KeyError, TypeError) as error:
            raise HistoryError(
                f"the history's manifest {path} cannot be read ({error}); the JSON that Rapport writes is expected; "
                "remove the folder and refresh, which builds it again from the records"
            ) from error

    def reader(self, log: Log) -> LogReader:
        """A reader of the log's present generation; a log that is not there yet is built."""
        state = self.manifest.get(log.name)
        if state is None or not set(self.columns(log)) <= set(state.columns):
            self.refresh([log])
            state = self.manifest[log.name]
        reader = self._readers.get(log.name)
        if reader is None or reader.state != state:
            reader = LogReader(log, state, self.folder / log.name)
            self._readers[log.name] = reader
        return reader

    def readers(self, logs: Sequence[Log]) -> list[LogReader]:
        """Readers of some logs, all up to one arrival number."""
        found = [self.reader(log) for log in logs]
        if len({item.state.watermark for item in found}) > 1:
            self.refresh(logs)
            found = [self.reader(log) for log in logs]
        return found

    def refresh(self, logs: Iterable[Log] | None = None, progress: Progress | None = None) -> RefreshReport:
        """Bring logs (default: all that are wanted) up to the present arrival; old or new, never between."""
        started = time.monotonic()
        with self.alone():
            watermark = self._records.watermark()
            before, report = self.manifest, dict[str, int]()
            manifest = dict(before)
            chosen = list(self._logs.values() if logs is None else logs)
            groups = self._groups(chosen, manifest, watermark)
            for place, (table, after, members) in enumerate(groups):
                if progress is not None:
                    progress(table, place, len(groups))
                arrivals = [self._arrival(log, manifest.get(log.name), len(members)) for log in members]
                try:
                    self._read(table, after, watermark, arrivals)
                    manifest |= {item.log.name: item.finish(watermark) for item in arrivals}
                except BaseException:
                    for item in arrivals:
                        item.abandon()
                    raise
                report |= {item.log.name: item.rows for item in arrivals if item.rows}
            self._commit(manifest, before)
        return RefreshReport(watermark, report, time.monotonic() - started)

    def rebuild(self, name: str) -> RefreshReport:
        """Read one log again from the records, whatever became of its parts; the others stay as they are.

        Raises
        ------
        HistoryError
            If no view reads such a log.
        """
        log = self.named(name)
        with self.alone():
            manifest = self.manifest
            self._commit({other: state for other, state in manifest.items() if other != name}, manifest)
        return self.refresh([log])

    def verify(self) -> None:
        """Read every part of every log and compare it with what was written, whatever its time.

        Raises
        ------
        HistoryError
            Naming the first part that is damaged.
        """
        for name, state in self.manifest.items():
            if name in self._logs:
                LogReader(self._logs[name], state, self.folder / name).verify()

    def forget(self, tables: Collection[str]) -> list[str]:
        """Read every log of some tables again from the records, and leave nothing of what was before on the disk.

        Parameters
        ----------
        tables : collection of str
            Head and fact tables.

        Returns
        -------
        list of str
            Names of those logs.
        """
        with self.alone():
            manifest = self.manifest
            names = [name for name in manifest if name.partition(".")[0].removesuffix("_versions") in tables]
            self._commit({name: state for name, state in manifest.items() if name not in names}, manifest)
            for name in names:
                self._readers.pop(name, None)
                shutil.rmtree(self.folder / name, ignore_errors=True)
        self.refresh([self._logs[name] for name in names if name in self._logs])
        return names

    def _arrival(self, log: Log, state: LogState | None, members: int) -> Arrival:
        columns = self.columns(log) if state is None else state.columns
        sizes = replace(self._sizes, memory=self._sizes.memory // members)
        return Arrival(log, state, columns, self.folder / log.name, sizes)

    def _read(self, table: str, after: int | None, watermark: int, arrivals: Sequence[Arrival]) -> None:
        """Read a table once for all logs that it feeds, batch by batch."""
        if after is not None and not self._records.arrived(table, after):
            return
        columns = dict.fromkeys(name for item in arrivals for name in needed(item.log, item.columns))
        for rows in self._records.batches(table, list(columns), after_seq=after, upto_seq=watermark):
            for item in arrivals:
                item.add(rows)

    def _groups(
        self, logs: Iterable[Log], manifest: dict[str, LogState], watermark: int
    ) -> list[tuple[str, int | None, list[Log]]]:
        """The logs that are behind, by table and by how far, so that a table is read once; misfits start anew."""
        groups: dict[tuple[str, int | None], list[Log]] = {}
        for log in logs:
            state = manifest.get(log.name)
            if state is not None and (not set(self.columns(log)) <= set(state.columns) or state.watermark > watermark):
                del manifest[log.name]
                state = None
            if state is None or state.watermark < watermark:
                after = None if state is None else state.watermark
                groups.setdefault((str(log.table.name), after), []).append(log)
        return [(table, after, members) for (table, after), members in groups.items()]

    def _commit(self, manifest: Mapping[str, LogState], before: Mapping[str, LogState]) -> None:
        content = {"format": FORMAT, "logs": {name: asdict(state) for name, state in sorted(manifest.items())}}
        path = self.folder / "manifest.json"
        temporary = path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        for name, state in manifest.items():
            # what a reader may still be opening stays until the next time
            kept = {state.generation, state.delta}
            if name in before:
                kept |= {before[name].generation, before[name].delta}
            for folder in (self.folder / name).iterdir():
                if folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)
