"""A disk that fills up while records are written: nothing half done, one sentence, and the next write goes on."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import adbc_driver_manager
import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy.engine import make_url

import crm
from configs import Settings
from crm import Records, RecordsError, writer
from crm.connections import connect
from crm.failures import explained
from crm.writing import Change
from tests.crm.company import COMPANY

ROOT = Path(__file__).parents[2]


def many(count: int) -> pa.Table:
    keys = pa.array(np.arange(count)).cast(pa.string())
    return pa.table({"source_key": keys, "type": pa.array(["view"] * count), "session_no": keys})


def test_a_database_that_may_not_grow(records: Records) -> None:
    records.write(COMPANY)
    before = records.watermark()
    url = make_url(records.settings.records_url)
    connection = connect(url, writes=True)
    try:
        pages = connection.rows("PRAGMA page_count")[0][0]
        connection.rows(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(RecordsError, match=r"^nothing was written to .*: the disk is full; free space is expected"):  # noqa: SIM117
            with explained(url):
                writer.write(connection, {"events": many(5_000)}, Change("rapport"))
    finally:
        connection.close()
    assert records.watermark() == before
    assert records.arrow("events").num_rows == 0
    assert records.write({"events": many(10)})["events"].inserted == 10


@pytest.mark.slow
def test_a_file_system_that_is_full(settings: Settings) -> None:
    with crm.open(settings) as records:
        records.write(COMPANY)
    program = f"""
        import resource, sys
        from pathlib import Path
        import crm
        from configs import Settings
        from tests.crm.test_full_disk import many
        with crm.open(Settings(home=Path({str(settings.home)!r}))) as records:
            size = (Path({str(settings.home)!r}) / "records.db").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            try:
                records.write({{"events": many(100_000)}})
            except crm.RecordsError as error:
                print(error)
                sys.exit(3)
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 3, done.stderr
    assert "nothing was written to sqlite:///" in done.stdout
    assert "free space" in done.stdout
    with crm.open(settings) as records:
        assert records.arrow("events").num_rows == 0
        assert records.arrow("orders").num_rows == 2
        assert records.write({"events": many(10)})["events"].inserted == 10


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("database is locked", "another process keeps writing; a free moment is expected"),
        ("attempt to write a readonly database", "the file may not be written; write permission is expected"),
        ("rows of orders are there for good: it is append-only", "a row that is there for good was to be changed"),
        ("could not extend file: No space left on device", "the disk is full"),
        ("CHECK constraint failed: x\nmore", "the database says 'CHECK constraint failed: x'; rows that keep"),
    ],
)
def test_what_databases_say_becomes_a_sentence(said: str, sentence: str) -> None:
    url = make_url("postgresql+psycopg://me:secret@host/x")
    code = adbc_driver_manager.AdbcStatusCode.IO
    with pytest.raises(RecordsError, match=sentence) as caught, explained(url):
        raise adbc_driver_manager.OperationalError(said, status_code=code)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
