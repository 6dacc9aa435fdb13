"""The whole loop on a made-up company: its export, the import, every model, scores, segments, drift, a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import monitoring
import training
from crm.imports import run_import
from crm.synthetic import write_company
from pipelines.daily import Daily, run_daily
from pipelines.train_all import Outcome, Trainers
from pipelines.workspace import Workspace

SOURCE = "synthetic"
Made = TypeVar("Made")


@dataclass(frozen=True)
class Demo:
    """What the demo made.

    Attributes
    ----------
    rows : dict of str to int
        Records accepted, by table.
    trained : sequence of Outcome
    daily : Daily
    places : dict of str to str
        Where things lie.
    stages : dict of str to float
        Seconds of each part.
    customer : str
        Somebody with a high score.
    command : str
        How the command is called from where it was called.
    """

    rows: dict[str, int]
    trained: Sequence[Outcome]
    daily: Daily
    places: dict[str, str]
    stages: dict[str, float]
    customer: str
    command: str = "rapport"

    def to_json(self) -> dict[str, Any]:
        """What ``demo --json`` prints."""
        return {
            "rows": self.rows,
            "models": [item.to_json() for item in self.trained],
            "daily": self.daily.to_json(),
            "places": self.places,
            "stages": {name: round(seconds, 3) for name, seconds in self.stages.items()},
            "seconds": round(sum(self.stages.values()), 3),
        }

    def lines(self) -> list[str]:
        """What ``demo`` prints for people."""
        lines = [f"Imported {sum(self.rows.values()):,} records of a made-up company; everybody in it is invented.", ""]
        lines += [f"  {outcome.line()}" for outcome in self.trained]
        lines += ["", *[f"  {step.name:<22} {step.state:<8} {step.words}" for step in self.daily.steps], ""]
        lines += [f"  {name:<12} {place}" for name, place in self.places.items()]
        times = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.stages.items())
        lines += ["", f"Done in {sum(self.stages.values()):.0f} s ({times}). The next three commands:", *self._next()]
        return lines

    def _next(self) -> list[str]:
        body = f"""{{"ids": ["{self.customer}"], "explain": 3}}"""
        ask = f"curl -s --retry 60 --retry-connrefused --retry-delay 1 localhost:3000/v1/churn/score -d '{body}'"
        return [
            f"  {self.command} models churn      # how good it is, and why it answers",
            f"  {self.command} segment list      # the lists, with their members",
            f"  {self.command} serve & {ask}",
        ]


def run_demo(workspace: Workspace, *, customers: int = 10_000, seed: int = 7, command: str = "rapport") -> Demo:
    """Make the company in the workspace and take it through the loop.

    Parameters
    ----------
    customers, seed : int
        Size of the company, and the seed that it is drawn from.
    command : str
        How the command is called, for the commands that are shown at the end.
    """
    stages: dict[str, float] = {}
    folder = export_of(workspace)

    def timed(stage: str, act: Callable[[], Made]) -> Made:
        began = time.monotonic()
        workspace.progress(stage, 0, 0)
        made = act()
        stages[stage] = time.monotonic() - began
        return made

    Thread(target=_preload, daemon=True).start()  # libraries load beside work that waits for a disk
    with Trainers(workspace.settings) as trainers:
        timed("company", lambda: write_company(folder, customers=customers, seed=seed))
        imported = timed("import", lambda: run_import(workspace.records, SOURCE, folder, progress=workspace.progress))
        trained = timed("training", lambda: trainers.train(workspace, workspace.training.usual()))
    for outcome in trained:
        if outcome.error is not None:
            raise outcome.error
    daily = timed("daily", lambda: run_daily(workspace, restart=True))
    return Demo(
        rows={name: counts.accepted for name, counts in imported.tables.items()},
        trained=trained,
        daily=daily,
        places={
            "records": workspace.settings.records_url,
            "models": str(workspace.settings.artefacts_dir),
            "report": str(workspace.settings.reports_dir),
            "export": str(folder),
        },
        stages=stages,
        customer=_somebody(workspace),
        command=command,
    )


def _preload() -> None:
    training.preload()
    monitoring.preload()


def export_of(workspace: Workspace) -> Path:
    """Where the export of the made-up company lies, with what is planted in it below ``truth``."""
    return workspace.settings.home / "demo"


def make_company(workspace: Workspace, *, customers: int, seed: int) -> None:
    """Let the workspace hold a made-up company and nothing else; one that holds records already stays as it is."""
    if any(source.name == SOURCE and source.tables for source in workspace.records.sources()):
        return
    write_company(export_of(workspace), customers=customers, seed=seed)
    run_import(workspace.records, SOURCE, export_of(workspace), progress=workspace.progress)


def _somebody(workspace: Workspace) -> str:
    """A customer with a high churn score, for the example of a question."""
    found = workspace.records.query(
        "select c.customer_no from scores s join customers c on c.id = s.customer_id "
        "where s.model = 'churn' and s.op <> 'retract' "
        "and s.version = (select max(n.version) from scores n where n.id = s.id) order by s.score desc, c.id limit 1"
    )
    return str(found.column(0)[0].as_py()) if found.num_rows else "1"
