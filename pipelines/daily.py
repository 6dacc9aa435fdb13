"""The daily run: materialize, score, segments, watch, report; resumable, saying what it skipped and why."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from configs import RapportError
from crm import clock
from crm.sources import INTERNAL
from pipelines.journal import Journal
from pipelines.materialize import materialize
from pipelines.report import write_report
from pipelines.score import NobodyError, score
from pipelines.segment import build_segments
from pipelines.watch import watch
from pipelines.workspace import Workspace

State: TypeAlias = Literal["done", "kept", "skipped", "failed"]


@dataclass(frozen=True)
class Step:
    """One step of the run.

    Attributes
    ----------
    name : str
        ``score churn``, ``report overview``, …
    state : {"done", "kept", "skipped", "failed"}
        ``kept``: done by the run that was cut short.
    words : str
        What was done, or why it was not.
    seconds : float
    """

    name: str
    state: State
    words: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Daily:
    """A daily run, step by step."""

    as_of: int | None
    steps: Sequence[Step]

    @property
    def is_complete(self) -> bool:
        """Whether no step failed; what could not apply was skipped with its reason."""
        return all(step.state != "failed" for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """What ``run daily --json`` prints."""
        return {
            "flow": "daily",
            "as_of": None if self.as_of is None else clock.iso(self.as_of),
            "complete": self.is_complete,
            "steps": [vars(step) | {"seconds": round(step.seconds, 3)} for step in self.steps],
        }

    def summary(self) -> str:
        """One sentence about the run."""
        states = ("done", "kept", "skipped", "failed")
        counts = {state: sum(step.state == state for step in self.steps) for state in states}
        said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        return f"Daily run: {said}, {sum(step.seconds for step in self.steps):.1f} s."


class SkippedError(Exception):
    """A step does not apply; the text says why and what would make it apply."""


def run_daily(workspace: Workspace, *, as_of: int | None = None, restart: bool = False) -> Daily:
    """Run every step in order; one that fails stops no other model, and is tried again by the next run.

    Parameters
    ----------
    as_of : int, optional
        Moment (µs) for every step; default: where the sources in use are complete.
    restart : bool
        Begin anew even where an earlier run was cut short.
    """
    journal = Journal.load(workspace.settings.home / "daily.json", key=_key(workspace, as_of), restart=restart)
    steps = []
    for name, act in _plan(workspace, as_of):
        step = Step(name, "kept", "done by the run that was cut short") if journal.has(name) else _run(name, act)
        if step.state in ("done", "skipped"):
            journal.add(name)
        steps.append(step)
    report = Daily(as_of, steps)
    if report.is_complete:  # else the next run takes up what failed
        journal.finish()
    return report


def _key(workspace: Workspace, as_of: int | None) -> str:
    """What must be the same for a cut-short run to be taken up: the moment, the records' sources, the champions."""
    sources = [(source.name, source.tables) for source in workspace.records.sources() if source.name != INTERNAL]
    return json.dumps([as_of, sources, workspace.registry.token()], default=str)


def _plan(workspace: Workspace, as_of: int | None) -> list[tuple[str, Callable[[], str]]]:
    models = sorted({*workspace.training.usual(), *workspace.registry.models()} & workspace.training.models.keys())
    return [
        ("materialize", lambda: _materialize(workspace, as_of)),
        *[(f"score {name}", _scoring(workspace, name, as_of)) for name in models],
        ("segments", lambda: build_segments(workspace, as_of=as_of).words()),
        *[(f"watch {name}", _watching(workspace, name, as_of)) for name in models],
        ("report overview", lambda: write_report(workspace, "overview", as_of=as_of).words()),
    ]


def _run(name: str, act: Callable[[], str]) -> Step:
    began = time.monotonic()
    try:
        return Step(name, "done", act(), time.monotonic() - began)
    except SkippedError as reason:
        return Step(name, "skipped", str(reason), time.monotonic() - began)
    except RapportError as error:
        return Step(name, "failed", str(error), time.monotonic() - began)


def _materialize(workspace: Workspace, as_of: int | None) -> str:
    if not any(source.tables for source in workspace.records.sources() if source.name != INTERNAL):
        raise SkippedError("there are no records yet; import some: rapport import SOURCE PATH")
    return materialize(workspace, as_of=as_of).words()


def _scoring(workspace: Workspace, name: str, as_of: int | None) -> Callable[[], str]:
    def act() -> str:
        _need_champion(workspace, name)
        try:
            return score(workspace, name, as_of=as_of).words()
        except NobodyError as reason:  # of a young company; other models may have somebody to score
            raise SkippedError(str(reason)) from reason

    return act


def _watching(workspace: Workspace, name: str, as_of: int | None) -> Callable[[], str]:
    def act() -> str:
        _need_champion(workspace, name)
        return watch(workspace, name, as_of=as_of, page="alarmed").words()

    return act


def _need_champion(workspace: Workspace, name: str) -> None:
    if workspace.registry.alias(name, "champion") is None:
        if name in workspace.registry.models():
            raise SkippedError(f"{name} was trained, but no version answers; rapport models {name} says why")
        if name not in workspace.training.teachable():
            tables = " or ".join(workspace.training.models[name].rests_on).replace("_", " ")
            raise SkippedError(f"the records hold no {tables}, from which {name} could learn")
        raise SkippedError(f"no version of {name} answers yet; train one: rapport train {name}")
