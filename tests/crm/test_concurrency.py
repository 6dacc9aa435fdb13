"""Many may write at once: nothing is lost, no number is given twice, arrival is the order of commits."""

from __future__ import annotations

import multiprocessing
import threading
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

import crm
from configs import Settings
from crm import Records, versioned
from tests.crm.company import COMPANY, rows

pytestmark = pytest.mark.slow

WRITERS, ROUNDS, SIZE = 4, 6, 50


def _write(task: tuple[Settings, int]) -> list[int]:
    """Write rows of our own and one that everybody changes; the watermarks that were seen."""
    settings, writer = task
    seen = []
    with crm.open(settings) as records:
        for turn in range(ROUNDS):
            keys = [f"{writer}-{turn}-{number}" for number in range(SIZE)]
            shared = {"source_key": "shared", "kind": "person", "status": "active", "display_name": f"{writer}-{turn}"}
            party = [{"source_key": key, "kind": "person", "status": "active"} for key in keys[:5]]
            events = pa.table({"source_key": keys, "type": ["view"] * SIZE})
            records.write({"events": events, "parties": rows(shared, *party)})
            records.audit("test", "shared", {"writer": writer, "turn": turn})
            seen.append(records.watermark())
    return seen


@pytest.mark.slow
def test_four_processes_lose_nothing(any_settings: Settings) -> None:
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        seen = pool.map(_write, [(any_settings, writer) for writer in range(WRITERS)], chunksize=1)
    assert all(marks == sorted(marks) for marks in seen)
    with crm.open(any_settings) as records:
        events = records.arrow("events")
        versions = records.arrow("parties_versions")
        assert events.num_rows == WRITERS * ROUNDS * SIZE
        assert sorted(events["id"].to_pylist()) == list(range(1, events.num_rows + 1))
        assert versions.num_rows == WRITERS * ROUNDS * 6
        arrived = sorted(events["seq"].to_pylist() + versions["seq"].to_pylist())
        assert arrived == list(range(1, records.watermark() + 1))
        shared = [row for row in versions.to_pylist() if row["source_key"] == "shared"]
        assert [row["version"] for row in shared] == list(range(1, WRITERS * ROUNDS + 1))
        assert [row["seq"] for row in shared] == sorted(row["seq"] for row in shared)
        assert [row["known_at"] for row in shared] == sorted({row["known_at"] for row in shared})
        assert records.verify_audit() == WRITERS * ROUNDS


def test_threads_share_one_object(any_records: Records) -> None:
    failures: list[BaseException] = []

    def work(writer: int) -> None:
        try:
            for turn in range(5):
                any_records.write({"events": rows(source_key=[f"{writer}-{turn}"], type=["view"])})
                any_records.arrow("events")
                any_records.watermark()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(any_records.arrow("events")["seq"].to_pylist()) == list(range(1, 21))


def _write_forever(home: Path) -> None:
    with crm.open(Settings(home=home)) as records:
        turn = 0
        while True:
            turn += 1
            keys = [f"{turn}-{number}" for number in range(2_000)]
            records.write({"events": pa.table({"source_key": keys, "type": ["view"] * 2_000, "session_no": keys})})


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3])
def test_a_writer_that_is_killed_leaves_whole_writes(settings: Settings, seconds: float) -> None:
    writer = multiprocessing.get_context("spawn").Process(target=_write_forever, args=(settings.home,))
    writer.start()
    with crm.open(settings) as records:
        while records.watermark() == 0:
            time.sleep(0.02)
        time.sleep(seconds)
        writer.kill()
        writer.join()
        writer.close()
        rounds, rest = divmod(records.arrow("events").num_rows, 2_000)
        assert rest == 0
        assert records.watermark() == rounds * 2_000
        assert records.write(COMPANY)["orders"].inserted == 2


def test_an_interrupt_between_statements_leaves_nothing(any_records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interrupt comes where the second table is about to be written."""
    inner = versioned.write
    calls = []

    def interrupted(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return inner(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(versioned, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        any_records.write(COMPANY)
    monkeypatch.undo()
    assert any_records.arrow("parties").num_rows == 0
    assert any_records.watermark() == 0
    assert any_records.write(COMPANY)["parties"].inserted == 2


def test_two_workspaces_do_not_wait_for_each_other(settings: Settings, empty_records: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "records.db").write_bytes(empty_records.read_bytes())
    elsewhere = replace(settings, home=other, records_url=f"sqlite:///{other / 'records.db'}")
    with crm.open(settings) as one, crm.open(elsewhere) as two:
        one.write(COMPANY)
        assert two.watermark() == 0
