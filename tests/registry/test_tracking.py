"""MLflow behind its door: loaded late, silent, migrated once, or a server somewhere."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

import registry
from configs import Settings
from registry import Decision, Registry, RegistryError
from registry import tracking as door
from scoring import Candidate

Make = Callable[..., Candidate]


def run_python(code: str, home: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW", "DO_NOT"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(home)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.slow
def test_reading_never_loads_mlflow(opened: Registry, make_candidate: Make, settings: Settings) -> None:
    opened.settle(opened.register(make_candidate()), Decision(True, ("better",)), actor="ada")
    code = (
        "import sys, registry, configs; from pathlib import Path\n"
        "opened = registry.open(configs.Settings(home=Path(sys.argv[1])))\n"
        "version, model = opened.load('churn')\n"
        "print(version.version, model.name, opened.token(), 'mlflow' in sys.modules)"
    )
    assert run_python(code, settings.home) == "1 churn churn@champion=1 False"


@pytest.mark.slow
def test_a_new_store_is_made_in_silence_with_a_write_ahead_log_and_no_telemetry(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from registry.tracking import Tracking\n"
        "home = Path(sys.argv[1])\n"
        "with Tracking(f'sqlite:///{home}/mlflow.db', home / 'lock').client() as client:\n"
        "    pass\n"
        "from mlflow.telemetry import get_telemetry_client\n"
        "print(get_telemetry_client() is None, os.environ['MLFLOW_ALLOW_PICKLE_DESERIALIZATION'])"
    )
    assert run_python(code, tmp_path) == "True false"
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_empty_or_half_made_store_is_an_empty_registry(settings: Settings) -> None:
    assert registry.open(settings).models() == []
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "mlflow.db").touch()
    assert registry.open(settings).token() == ""


def test_a_held_lock_is_told_not_waited_for_forever(
    opened: Registry, make_candidate: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.register(make_candidate())
    monkeypatch.setattr(door, "WAIT_SECONDS", 0.1)
    with (
        FileLock(settings.artefacts_dir / "registry.lock"),
        pytest.raises(RegistryError, match=r"another process has held .*registry.lock for more than 0.1 s"),
    ):
        registry.open(settings).promote("churn", "1", actor="ada")


def test_a_store_that_does_not_answer_is_told(settings: Settings, make_candidate: Make, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    broken = registry.open(Settings(home=tmp_path / "other", tracking_url=f"sqlite:///{tmp_path}/blocked/mlflow.db"))
    with pytest.raises(RegistryError, match=r"tracking store .* does not answer"):
        broken.register(make_candidate())


@pytest.fixture
def server(tmp_path: Path, migrated: Path) -> Iterator[str]:
    """A real MLflow server with artefacts of its own."""
    shutil.copy(migrated, tmp_path / "server.db")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--port",
        str(port),
        "--workers",
        "1",
        "--backend-store-uri",
        f"sqlite:///{tmp_path / 'server.db'}",
        "--artifacts-destination",
        str(tmp_path / "server_artefacts"),
    ]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(720):
        assert process.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - our own address
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise AssertionError("the server did not answer within three minutes")


@pytest.mark.slow
def test_a_server_keeps_models_for_machines_that_never_saw_them(
    server: str, make_candidate: Make, tmp_path: Path
) -> None:
    trainer = registry.open(Settings(home=tmp_path / "trainer", tracking_url=server))
    trainer.settle(trainer.register(make_candidate()), Decision(True, ("better",)), actor="ada")
    scorer = registry.open(Settings(home=tmp_path / "scorer", tracking_url=server))
    before = scorer.token()
    version, model = scorer.load("churn")
    assert (version.version, model.name) == ("1", "churn")
    assert version.path.is_relative_to(tmp_path / "scorer")
    trainer.settle(trainer.register(make_candidate(2.0)), Decision(True, ("better",)), actor="ada")
    assert scorer.token() != before
    assert scorer.rollback("churn", actor="bob").version == "1"
    assert [entry.action for entry in trainer.decisions("churn")] == ["promoted", "promoted", "rolled back"]


def test_a_damaged_file_is_one_sentence(settings: Settings) -> None:
    (settings.home / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"\7" * 5_000)
    with pytest.raises(RegistryError, match=r"the registry's file mlflow\.db is damaged \(.*\); the SQLite database"):
        registry.open(settings).models()
