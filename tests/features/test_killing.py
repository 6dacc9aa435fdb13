"""``rapport materialize`` killed at any moment: every part is the old or the new, and again is as if undisturbed."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import crm
from configs import Settings
from crm.clock import DAY
from features.entity import ENTITIES
from features.opening import open_online
from tests.features import shop
from tests.features.conftest import Urls

CUSTOMERS, EVENTS, MORE = 3_000, 60_000, 20_000
KILLS = 5  # in each part of each run
ATTEMPTS = 40
WAIT = 0.0005

pytestmark = pytest.mark.slow


def _write(home: Path, events: pa.Table, *, with_heads: bool = False) -> None:
    with crm.open(Settings(home=home)) as records:
        if with_heads:
            _heads(records)
        records.write({"events": events}, known_at=0, as_told=True)


def _heads(records: crm.Records) -> None:
    names = [f"c{i}" for i in range(CUSTOMERS)]
    parties = {"source_key": names, "kind": ["person"] * CUSTOMERS, "status": ["active"] * CUSTOMERS}
    numbers = {"party_key": names, "customer_no": [f"K{i}" for i in range(CUSTOMERS)], "kind": ["b2c"] * CUSTOMERS}
    customers = pa.table({"source_key": names, "occurred_at": [0] * CUSTOMERS, **numbers})
    records.write({"parties": pa.table(parties), "customers": customers}, known_at=0)


def _events(first: int, count: int) -> pa.Table:
    """Events with keys from `first` on, the second hundred corrections of what came before."""
    draw = np.random.default_rng(first)
    numbers = np.arange(first, first + count)
    numbers[100:200] -= min(first, 100)
    moments = draw.integers(0, 300 * DAY, count)
    return pa.table(
        {
            "source_key": [f"e{i}" for i in numbers.tolist()],
            "customer_key": [f"c{i}" for i in draw.integers(0, CUSTOMERS, count).tolist()],
            "occurred_at": moments,
            "known_at": moments + draw.integers(0, 9, count) * DAY + 300 * DAY * (first > 0),
            "type": draw.choice(["view", "login"], count),
            "channel": draw.choice(["web", "app"], count),
            "value": draw.uniform(-9, 99, count),
        }
    )


@dataclass(frozen=True)
class Start:
    """From where runs set out.

    Attributes
    ----------
    home : Path
        A workspace, perhaps brought up to its records.
    records : Path
        The records that a run finds.
    url : callable
        The URL of an empty online store of that name.
    """

    home: Path
    records: Path
    url: Urls

    def again(self, name: str) -> Path:
        """A workspace that sets out from here, its online states in a place of their own."""
        home = self.home.with_name(name)
        shutil.copytree(self.home, home, ignore=shutil.ignore_patterns("online.db*"))
        (home / "rapport.yaml").write_text(f"online_url: {self.url(name)}\n", encoding="utf-8")
        if (home / "history").exists():
            materialize(home)
        shutil.copy(self.records, home / "records.db")
        return home


def materialize(home: Path) -> None:
    """``rapport materialize``, undisturbed."""
    process = _started(home)
    process.join()
    assert process.exitcode == 0


def _started(home: Path) -> ForkServerProcess:
    process = shop.processes().Process(target=shop.run_command, args=(home,))
    process.start()
    return process


class Watch:
    """What can be seen of a run from outside: whether it writes the history, and whether it is beyond that."""

    def __init__(self, home: Path) -> None:
        self._history = home / "history"
        self._folders, self._manifest = self._seen(), self._committed()

    def writes_history(self) -> bool:
        return self._seen() != self._folders

    def wrote_history(self) -> bool:
        return self._committed() != self._manifest

    def _seen(self) -> set[Path]:
        return set(self._history.glob("*.*/*"))

    def _committed(self) -> bytes:
        path = self._history / "manifest.json"
        return path.read_bytes() if path.exists() else b""


def _wait(process: ForkServerProcess, begun: Callable[[], bool]) -> float:
    """When something had begun, or the process had ended."""
    while process.is_alive() and not begun():
        time.sleep(WAIT)
    return time.monotonic()


def lengths(home: Path) -> dict[str, float]:
    """How long an undisturbed run writes the history, and the online states after it."""
    watch, process = Watch(home), _started(home)
    marks = [_wait(process, begun) for begun in (watch.writes_history, watch.wrote_history, lambda: False)]
    assert process.exitcode == 0
    return {"history": marks[1] - marks[0], "online": marks[2] - marks[1]}


def kill(home: Path, part: str, seconds: float) -> str:
    """Kill a run a while after a part has begun; the part in which that fell, empty if it had ended."""
    watch, process = Watch(home), _started(home)
    _wait(process, watch.writes_history if part == "history" else watch.wrote_history)
    process.join(seconds)
    process.kill()  # nothing, where it has ended
    process.join()
    if process.exitcode != -signal.SIGKILL:
        return ""
    return "online" if watch.wrote_history() else "history"


def history(home: Path) -> dict[str, Any]:
    """Every byte of the history, but for the names of its folders."""
    logs = json.loads((home / "history" / "manifest.json").read_bytes())["logs"]
    held: dict[str, Any] = {}
    for log, state in logs.items():
        for kind in ("generation", "delta"):
            folder = home / "history" / log / state.pop(kind)
            parts = sorted(folder.iterdir()) if folder.name != log else []
            held |= {f"{log}/{kind}/{part.name}": part.read_bytes() for part in parts}
        held[log] = state
    return held | {path.name: path.read_bytes() for path in sorted((home / "history" / "keys").rglob("*.codes"))}


def online(home: Path) -> dict[str, Any]:
    """All that is held online for each kind of entity, but for when it was written."""
    settings = Settings.load({}, home=home)
    held: dict[str, Any] = {}
    with crm.open(settings) as records, closing(open_online(settings.online_url)) as store:
        for name in (name for name, entity in ENTITIES.items() if not entity.parts):
            stamp = store.stamp(name)
            numbers = records.numbers(name)
            _, states = store.read(name, numbers["number"].to_pylist())
            marks = store.marks(name, numbers["id"].to_numpy())
            said = None if stamp is None else asdict(stamp) | {"token": 0, "materialized_at": 0}
            held[name] = said, states, marks
    return held


def starts(folder: Path, empty_records: Path, url: Urls) -> Iterator[Start]:
    """From records alone, and from a materialized workspace whose records have grown since."""
    home, records = folder / "start", folder / "records.db"
    home.mkdir()
    shutil.copy(empty_records, home / "records.db")
    _write(home, _events(0, EVENTS), with_heads=True)
    yield Start(home, home / "records.db", url)
    (home / "rapport.yaml").write_text(f"online_url: {url('start')}\n", encoding="utf-8")
    materialize(home)
    shutil.copy(home / "records.db", folder / "kept.db")
    _write(home, _events(EVENTS, MORE))
    shutil.move(home / "records.db", records)
    shutil.move(folder / "kept.db", home / "records.db")
    yield Start(home, records, url)


@pytest.mark.parametrize("begin", range(2), ids=["from nothing", "from an earlier run"])
def test_a_killed_run_leaves_old_or_new_and_again_is_as_if_undisturbed(
    begin: int, urls: Urls, empty_records: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    warm = shop.processes().Process(target=int)
    warm.start()
    warm.join()
    start = list(islice(starts(tmp_path, empty_records, urls), begin + 1))[-1]
    undisturbed = start.again("undisturbed")
    old, took = online(undisturbed), lengths(undisturbed)
    new, wanted = online(undisturbed), history(undisturbed)
    assert old["customer"] != new["customer"]
    draw, fallen = random.Random(begin), Counter[str]()
    for attempt in range(ATTEMPTS):
        missing = [part for part in took if fallen[part] < KILLS]
        if not missing:
            break
        home = start.again(f"killed{attempt}")
        part = kill(home, missing[0], draw.uniform(0, took[missing[0]]))
        held = online(home)
        fallen[part if held != new else "too late"] += 1
        assert [name for name in held if held[name] not in (old[name], new[name])] == []
        materialize(home)
        assert history(home) == wanted
        assert online(home) == new
        shutil.rmtree(home)
    assert missing == [], f"of {attempt} runs {dict(fallen)} were killed"
    capfd.readouterr()
