"""Opening makes the database or brings it to this release: the same schema on both databases, quickly, once."""

from __future__ import annotations

import multiprocessing
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

import crm
from configs import Settings
from crm import RecordsError, migrations
from crm.connections import connect
from crm.migrations.upgrading import upgrade
from crm.schema import Base


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a workspace where nothing is."""
    home = tmp_path / "new" / "deep"
    if request.param == "sqlite":
        return Settings(home=home)
    return Settings(home=home, records_url=request.getfixturevalue("postgres_url"))


def test_the_migrated_schema_is_the_mapped_one(new_settings: Settings) -> None:
    crm.open(new_settings).close()
    with engine_of(new_settings.records_url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def parts(statement: str) -> set[str]:
    """A CREATE statement as a set of its columns and constraints, in whatever order they were added."""
    found, depth = [""], 0
    for sign in statement.partition("(")[2].strip().removesuffix(")"):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return {statement.partition("(")[0].strip(), *(" ".join(part.split()) for part in found)}


def test_the_migrated_tables_equal_the_mapped_ones_to_the_last_check(empty_records: Path, tmp_path: Path) -> None:
    mapped = tmp_path / "mapped.db"
    with engine_of(f"sqlite:///{mapped}") as engine:
        Base.metadata.create_all(engine)
    found = []
    for path in (empty_records, mapped):
        with closing(sqlite3.connect(path)) as connection:
            sql = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
            made = connection.execute(sql).fetchall()
            found.append({name: parts(statement) for name, statement in made if name != "alembic_version"})
    assert found[0] == found[1]
    assert len(found[0]) > 100


def checks(url: str) -> dict[str, str]:
    sql = text("SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint "
               "WHERE connamespace = current_schema()::regnamespace")  # fmt: skip
    with engine_of(url) as engine, engine.connect() as connection:
        return {name: rule for name, rule in connection.execute(sql) if "alembic_version" not in name}


def test_the_migrated_constraints_equal_the_mapped_ones_in_postgresql(
    postgres_url: str, postgres_server: psycopg.Connection, tmp_path: Path
) -> None:
    crm.open(Settings(home=tmp_path, records_url=postgres_url)).close()
    migrated = checks(postgres_url)
    name = re.search(r"rapport_\w+", postgres_url)
    assert name
    postgres_server.execute(f"DROP SCHEMA {name[0]} CASCADE")
    postgres_server.execute(f"CREATE SCHEMA {name[0]}")
    with engine_of(postgres_url) as engine:
        Base.metadata.create_all(engine)
    assert migrated == checks(postgres_url)


def test_head_is_the_newest_revision() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_heads() == [migrations.HEAD]


def test_what_a_new_database_holds(new_settings: Settings) -> None:
    with crm.open(new_settings) as records:
        assert [source.name for source in records.sources()] == ["rapport"]
        assert records.watermark() == 0
        assert {"EUR", "GBP", "USD"} <= set(records.arrow("currencies")["code"].to_pylist())
        assert records.arrow("purposes")["code"].to_pylist() == ["marketing", "profiling", "research", "service"]
        records.reference("purposes", pa.table({"code": ["care"], "name": ["Care"], "needs_consent": [True]}))
        assert records.arrow("purposes")["id"].to_pylist() == [1, 2, 3, 4, 5]


def test_opening_again_is_quick_and_loads_no_alembic(settings: Settings) -> None:
    crm.open(settings).close()
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        crm.open(settings).close()
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.05


def test_sqlite_is_set_up_for_many_readers_and_keeps_foreign_keys(settings: Settings) -> None:
    with closing(connect(make_url(settings.records_url), writes=True)) as connection:
        assert connection.rows("PRAGMA journal_mode") == [("wal",)]
        assert connection.rows("PRAGMA foreign_keys") == [(1,)]
        assert connection.rows("PRAGMA recursive_triggers") == [(1,)]
        assert connection.rows("PRAGMA query_only") == [(0,)]
    with closing(connect(make_url(settings.records_url), writes=False)) as connection:
        assert connection.rows("PRAGMA query_only") == [(1,)]


def _open(home: Path) -> int:
    with crm.open(Settings(home=home)) as records:
        return len(records.sources())


@pytest.mark.slow
def test_processes_that_open_a_new_workspace_at_once_make_it_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_open, [tmp_path / "home"] * 3) == [1, 1, 1]


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last revision is undone by hand and made to clash with a table of somebody else."""
    path = settings.home / "records.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0006'")
        connection.commit()
        before = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    with pytest.raises(
        RecordsError, match=r"could not be brought to this release \(.*scores already exists.*and are as they were"
    ):
        crm.open(settings)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0006",)]
        assert connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall() == before


def test_records_of_a_later_release_are_refused(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.home / "records.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(RecordsError, match=r"the records are of another release than this program .*9999.*; revision"):
        crm.open(settings)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("no url", "records_url is 'no url'; a URL such as sqlite"),
        ("mysql://host/x", "the records are at a 'mysql' database; sqlite or postgresql is expected"),
        (
            "postgresql+psycopg://nobody:secret@localhost:1/x",
            "the records at postgresql.*nobody:.*@localhost:1/x cannot be opened",
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(RecordsError, match=sentence) as caught:
        crm.open(Settings(home=tmp_path, records_url=url))
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_sentence(settings: Settings) -> None:
    (settings.home / "records.db").write_text("this is a letter, not a database; " * 100)
    with pytest.raises(RecordsError, match=r"cannot be read .*not a database.*; a database of ours is expected"):
        crm.open(settings)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordsError, match=r"the records' folder .* cannot be used .*; a writable folder is expected"):
        crm.open(Settings(home=tmp_path / "file" / "home"))


def test_upgrading_what_is_new_changes_nothing(settings: Settings) -> None:
    before = (settings.home / "records.db").read_bytes()
    upgrade(make_url(settings.records_url))
    assert (settings.home / "records.db").read_bytes() == before
