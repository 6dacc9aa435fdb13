"""Bring the feature history and the online store up to the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from features.base import Engine
from features.entity import ENTITIES
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Materialized:
    """What a materialization wrote: new rows by log, states by kind of entity; what is to be known of its moment."""

    rows: dict[str, int]
    entities: dict[str, int]
    watermark: int
    seconds: float
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """What ``materialize --json`` prints."""
        return vars(self) | {"seconds": round(self.seconds, 3)}

    def words(self) -> str:
        """One sentence."""
        states = (
            ", ".join(f"{count:,} {ENTITIES[name].table}" for name, count in self.entities.items() if count)
            or "nothing new"
        )
        return f"{sum(self.rows.values()):,} new rows in the history; online: {states}"

    def lines(self) -> list[str]:
        """What ``materialize`` prints for people."""
        written = f"{self.words()} (up to arrival {self.watermark:,}, {self.seconds:.1f} s)"
        return [written, *([self.note] if self.note else [])]


def materialize(
    workspace: Workspace,
    *,
    as_of: int | None = None,
    rebuild: str = "",
    verify: bool = False,
    engine: Engine = "local",
) -> Materialized:
    """Refresh the history from the records, then the online store from the history.

    Parameters
    ----------
    as_of : int, optional
        The moment (µs) that questions mean which name none; default: where the sources are complete. One beyond that
        is allowed, and said.
    rebuild : str
        A log whose history is read again from the records, whatever became of it; empty: none.
    verify : bool
        Whether to read the whole history first and compare it with what was written.
    engine : {"local", "spark"}
        Where whole states are packed.
    """
    store = workspace.features
    if rebuild:
        store.history.rebuild(rebuild)
    if verify:
        store.history.verify()
    refreshed = store.refresh(progress=workspace.progress)
    written = store.materialize(as_of=as_of, engine=engine, progress=workspace.progress)
    note = "" if as_of is None else store.default_as_of(f"{view}:*" for view in store.catalogue.views).beyond(as_of)
    seconds = refreshed.seconds + written.seconds
    return Materialized(refreshed.rows, written.entities, refreshed.watermark, seconds, note)
