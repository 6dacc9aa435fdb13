"""Whatever goes wrong in the middle, the records are as they were, and one sentence says what to do."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

import crm
from configs import Settings
from crm import Records, RecordsError
from crm.imports import FileError, MappingError, run_import
from tests.crm.imports.conftest import CUSTOMERS, Shop

ROOT = Path(__file__).resolve().parents[3]
KILLS = [*(("sqlite", wait) for wait in (0.0, 0.3, 0.9, 1.8)), ("postgresql", 0.3), ("postgresql", 3.0)]  # seconds
CHILD = """
import sys
from pathlib import Path
import crm
from configs import Settings
from crm.imports import run_import

with crm.open(Settings(home=Path(sys.argv[1]), records_url=sys.argv[2])) as records:
    run_import(records, sys.argv[3], Path(sys.argv[4]), progress=lambda *told: print(*told, flush=True))
"""


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process can grow beyond a size, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def many(shop: Shop, rows: int) -> Shop:
    """A shop with that many lines, each an order of its own."""
    lines = "".join(f"{n},{'ABC'[n % 3]},2025-02-{n % 27 + 1:02d} 09:30,1,item {n % 50},2,4.50\n" for n in range(rows))
    return shop.file("sold.csv", "no,customer,sold_at,line,item,qty,price\n" + lines)


def child_of(settings: Settings, shop: Shop) -> list[str]:
    """The command of a process that imports a shop."""
    return [sys.executable, "-c", CHILD, str(settings.home), settings.records_url, str(shop.path), str(shop.folder)]


def wait_for_its_session(settings: Settings) -> None:
    """Until the server has ended what a killed process left: it carries a commit that it was sent to its end."""
    if not settings.records_url.startswith("postgresql"):
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    others += " AND backend_type = 'client backend'"
    with psycopg.connect(settings.records_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        while connection.execute(others).fetchone() != (0,):
            time.sleep(0.05)


def contents(settings: Settings) -> dict[str, int]:
    """Rows of each table, the audit log included."""
    with crm.open(settings) as records:
        names = (
            "sources",
            "customers",
            "parties",
            "products",
            "orders",
            "order_lines",
            "attribute_values",
            "import_runs",
            "audit_log",
        )
        return {name: records.arrow(name).num_rows for name in names}


@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_the_records_as_they_were(settings: Settings, shop: Shop) -> None:
    big, before = many(shop, 20_000), contents(settings)
    refused = pytest.raises(RecordsError, match=r"nothing was written to .*: the disk .*; make room and try again")
    with crm.open(settings) as records, files_of_at_most(4 * 2**20), refused:
        big.run(records)
    assert contents(settings) == before
    with crm.open(settings) as records:
        assert big.run(records).tables["order_lines"].accepted == 20_000


def test_a_disk_too_full_for_the_rejects_imports_nothing(records: Records, shop: Shop) -> None:
    path = many(shop, 3_000).file("people.csv", CUSTOMERS.replace("2025", "x025")).path
    with (
        files_of_at_most(2**16),
        pytest.raises(FileError, match=r"the rejected rows cannot be written to .*; nothing was imported"),
    ):
        run_import(records, path, shop.folder)
    assert records.watermark() == 0
    assert list(records.settings.rejects_dir.iterdir()) == []


def test_rejects_of_a_failed_write_do_not_stay(settings: Settings, shop: Shop) -> None:
    broken = many(shop, 20_000).file("people.csv", CUSTOMERS + "D,Di,,never\n")
    with crm.open(settings) as records, files_of_at_most(2 * 2**20), pytest.raises(RecordsError):
        broken.run(records)
    assert list(settings.rejects_dir.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("any_settings", "wait"), KILLS, indirect=["any_settings"])
def test_a_process_killed_while_writing_leaves_nothing_half(any_settings: Settings, shop: Shop, wait: float) -> None:
    big, before = many(shop, 40_000), contents(any_settings)
    with subprocess.Popen(child_of(any_settings, big), cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert any(line.startswith("write 0") for line in child.stdout)
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
    wait_for_its_session(any_settings)
    after = contents(any_settings)
    with crm.open(any_settings) as records:
        report = big.run(records)
        assert report.tables["order_lines"].accepted == 40_000
        assert report.tables["order_lines"].unchanged == (0 if after == before else 40_000)
        assert records.verify_audit() == contents(any_settings)["import_runs"]
    assert after == before or after["order_lines"] == after["orders"] == 40_000


@pytest.mark.slow
def test_a_query_without_an_end_is_stopped(settings: Settings, shop: Shop) -> None:
    endless = "SELECT count(*)::text AS source_key, 'b2c' AS kind FROM range(10000000) a, range(10000000) b"
    stopped = pytest.raises(MappingError, match=r"query of customers ran for 1 s and was stopped; .* join without ON")
    with crm.open(replace(settings, query_seconds=1)) as records:
        with stopped:
            shop.only("customers").table("customers", sql=endless).run(records)
        assert records.watermark() == 0


@pytest.mark.slow
def test_an_import_that_is_interrupted_ends_at_once(settings: Settings, shop: Shop) -> None:
    endless = "SELECT count(*)::text AS source_key, 'b2c' AS kind FROM range(10000000) a, range(10000000) b"
    command = child_of(settings, shop.only("customers").table("customers", sql=endless))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert any(line.startswith("check 0") for line in child.stdout)
        time.sleep(2)  # the query runs by then
        child.send_signal(signal.SIGINT)
        try:
            _, told = child.communicate(timeout=20)
        finally:
            child.kill()
        assert told.strip().endswith("KeyboardInterrupt")
    with crm.open(settings) as records:
        assert records.watermark() == 0
