"""Training sets that are kept: made, saved, listed, and built again to the byte whatever has arrived since."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.catalogue import flat
from features.errors import TrainingSetError
from features.spine import as_frame
from features.training_set import Manifest, TrainingSet, as_arrow, as_pandas, data_sha256, describe

ROWS, MANIFEST = "rows.parquet", "manifest.json"
SHORTEST = 8  # digits of a hash that name a set

Filler: TypeAlias = Callable[[Sequence[str], pd.DataFrame, int | None, int], pd.DataFrame]
"""References, spine, knowledge cutoff and watermark to the spine with features."""
Versions: TypeAlias = Callable[[Sequence[str]], dict[str, str]]


class TrainingSets:
    """The training sets of a workspace, one folder each, named by its hash.

    Parameters
    ----------
    folder : Path
    fill : callable
        Computes features as of a watermark.
    versions : callable
        The content hash of each view that references use.
    """

    def __init__(self, folder: Path, fill: Filler, versions: Versions) -> None:
        self.folder = folder
        self._fill = fill
        self._versions = versions

    def make(
        self, refs: Sequence[str], spine: Any, watermark: int, known_before: int | None = None, **labels: Any
    ) -> TrainingSet:
        """A set of rows with their features, not saved yet.

        Parameters
        ----------
        refs : sequence of str
            Written out.
        spine : pandas.DataFrame or Arrow table
        watermark : int
        known_before : int, optional
        **labels
            Columns to stand beside those of the spine.
        """
        given = as_arrow(as_frame(spine).assign(**labels))
        table = self._built(refs, given, watermark, known_before)
        return TrainingSet(describe(table, refs, self._versions(refs), watermark, known_before), table)

    def save(self, made: TrainingSet, *names: str) -> Manifest:
        """Keep a set under its hash and some names; one that is there already gets the names as well."""
        try:
            manifest = self.manifest(made.sha256)
        except TrainingSetError:
            manifest = made.manifest
        manifest = replace(manifest, names=tuple(dict.fromkeys([*manifest.names, *names])))
        if (self.folder / made.sha256).is_dir():
            self._write_manifest(manifest)
        else:
            self._place(TrainingSet(manifest, made.table))
        return manifest

    def list(self) -> list[Manifest]:
        """What is kept, the newest last."""
        found = [self._read(path) for path in self.folder.glob(f"*/{MANIFEST}")] if self.folder.is_dir() else []
        return sorted(found, key=lambda item: (item.made_at, item.sha256))

    def manifest(self, name: str) -> Manifest:
        """The newest set of a name, or the set whose hash begins with it.

        Raises
        ------
        TrainingSetError
            If there is none; the sentence lists what there is.
        """
        kept = self.list()
        for item in reversed(kept):
            if name in item.names or (len(name) >= SHORTEST and item.sha256.startswith(name)):
                return item
        told = ", ".join(dict.fromkeys(known for item in kept for known in item.names or (item.sha256[:SHORTEST],)))
        raise TrainingSetError(
            f"no training set is called {name!r}; one of {told or '(none yet)'}, or the first {SHORTEST} digits of a "
            "hash, is expected; correct it"
        )

    def saved(self, name: str) -> TrainingSet:
        """The rows as they were saved; raises like `manifest`."""
        manifest = self.manifest(name)
        path = self.folder / manifest.sha256 / ROWS
        try:
            return TrainingSet(manifest, pq.read_table(path).combine_chunks())
        except (OSError, pa.ArrowInvalid) as error:
            raise TrainingSetError(
                f"the rows {path} of a training set cannot be read ({str(error).splitlines()[0]}); the Parquet file "
                "that Rapport wrote is expected; restore it from a backup"
            ) from error

    def build(self, name: str) -> TrainingSet:
        """A set built again from the history: the same bytes as when it was made.

        Raises
        ------
        TrainingSetError
            If there is no such set, a view is declared otherwise today, or the history no longer gives the values
            (people that were erased are the stated exception).
        """
        kept = self.saved(name)
        before = kept.manifest
        self._check_declarations(name, before)
        table = self._built(before.refs, kept.spine, before.watermark, before.known_before)
        if data_sha256(table, before.refs) != before.data and not before.touched:
            raise _changed(name, kept, table)
        return TrainingSet(before, table)

    def erase(self, entity_key: str, ids: Sequence[int]) -> int:
        """Take the rows of some entities out of every set; how many there were."""
        gone = 0
        for before in self.list():
            kept = self.saved(before.sha256)
            if entity_key in kept.table.column_names:
                left = kept.without(entity_key, ids)
                gone += left.manifest.erased - before.erased
                self._place(left)
            else:
                self._write_manifest(replace(before, touched=True))
        return gone

    def _built(self, refs: Sequence[str], spine: pa.Table, watermark: int, known_before: int | None) -> pa.Table:
        frame = self._fill(refs, spine.to_pandas(), known_before, watermark)
        for ref in refs:
            column = frame[flat(ref)]
            kind = pa.string() if column.dtype == object else pa.float64()
            spine = spine.append_column(flat(ref), pa.array(column.to_numpy(), kind, from_pandas=True))
        return spine.combine_chunks()

    def _check_declarations(self, name: str, before: Manifest) -> None:
        today = self._versions(before.refs)
        for view, version in before.declarations.items():
            if today[view] != version:
                raise TrainingSetError(
                    f"the training set {name!r} was made with the declaration {version[:SHORTEST]} of the view "
                    f"{view!r}, which is {today[view][:SHORTEST]} now; the same declaration is expected; bring back "
                    "that file, or take the rows as they were saved: training_set(…, saved=True)"
                )

    def _place(self, made: TrainingSet) -> None:
        """Write a set whole, old or new for every reader."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".writing-", dir=self.folder))
        target = self.folder / made.sha256
        try:
            pq.write_table(made.table, fresh / ROWS, compression="zstd")
            (fresh / MANIFEST).write_text(_text(made.manifest), encoding="utf-8")
            for item in fresh.iterdir():
                with item.open("rb") as file:
                    os.fsync(file.fileno())
            if target.is_dir():  # rows first: with the old manifest they are read as changed, never as right
                (fresh / ROWS).replace(target / ROWS)
                (fresh / MANIFEST).replace(target / MANIFEST)
            else:
                fresh.replace(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _write_manifest(self, manifest: Manifest) -> None:
        path = self.folder / manifest.sha256 / MANIFEST
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(_text(manifest), encoding="utf-8")
        fresh.replace(path)

    def _read(self, path: Path) -> Manifest:
        try:
            return Manifest.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingSetError(
                f"the manifest {path} of a training set cannot be read ({error}); the JSON that Rapport wrote is "
                "expected; restore it from a backup, or remove the folder"
            ) from error


def _text(manifest: Manifest) -> str:
    return json.dumps(manifest.to_json(), indent=1)


def _changed(name: str, kept: TrainingSet, table: pa.Table) -> TrainingSetError:
    refs = kept.manifest.refs
    then, now = as_pandas(kept.table, refs), as_pandas(table, refs)
    moved = [ref for ref in refs if not then[flat(ref)].equals(now[flat(ref)])]
    return TrainingSetError(
        f"the training set {name!r} built again differs from what was saved, in {', '.join(moved[:3])}; the same "
        "values are expected of the same arrivals; find out what changed the records without a new version, or take "
        "the rows as they were saved: training_set(…, saved=True)"
    )
