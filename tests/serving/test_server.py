"""The server as it really runs: BentoML in a process of its own, asked over a socket, stopped by a signal."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

import registry
from configs import Settings
from scoring.log import PredictionLog
from serving.server import ServerError, address, bind, check_host, run
from tests.serving.conftest import copied

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PATIENCE = 180.0  # seconds that a loaded machine may take to start
PROGRAM = (
    "from configs import Settings; from serving.server import run; "
    "run(Settings.load(), models=['churn', 'lead_score'], announce=lambda url: print(url, flush=True))"
)


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    settings: Settings

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; the exit code and what was written."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


@contextmanager
def started(
    settings: Settings, command: list[str] | None = None, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A process that serves, ended in any case."""
    given = {"RAPPORT_HOME": str(settings.home), "RAPPORT_SERVE_PORT": "0", "RAPPORT_SERVE_POLL_SECONDS": "0.1"}
    ours = {key: value for key, value in os.environ.items() if not key.startswith("RAPPORT_")}
    with subprocess.Popen(
        command or [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=ours | given | environment,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)


@contextmanager
def serving(settings: Settings, **environment: str) -> Iterator[Running]:
    """A server that has said its address."""
    with started(settings, None, **environment) as process:
        assert process.stdout is not None
        patience = threading.Timer(PATIENCE, process.kill)
        patience.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("http://"):
                break
        patience.cancel()
        assert "http://" in "".join(lines[-1:]), f"it ended before it was ready: {''.join(lines)}"
        yield Running(process, lines[-1].strip(), settings)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Running]:
    """One server for the tests that only ask."""
    with serving(copied(template, tmp_path_factory.mktemp("server") / "home")) as running:
        yield running


def test_it_scores_over_http(server: Running) -> None:
    answer = httpx.post(f"{server.url}/v1/churn/score", json={"ids": ["C1", "nobody"], "explain": 1})
    assert [row["status"] for row in answer.json()["answers"]] == ["ok", "unknown"]
    logged = PredictionLog(server.settings.predictions_dir).read("churn").to_pylist()
    assert [row["id"] for row in logged if row["request"] == answer.headers["x-request-id"]] == ["C1", "nobody"]


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/models", "/v1/segments"]
)
def test_every_page_is_ours(server: Running, path: str) -> None:
    answer = httpx.get(f"{server.url}{path}")
    assert answer.status_code == 200
    assert "x-request-id" in answer.headers
    assert "bentoml" not in answer.text.lower()


@pytest.mark.parametrize(
    "path", ["/docs.json", "/schema.json", "/livez", "/static_content/index.css", "/score", "/assets/x"]
)
def test_no_page_of_bentoml_is_reachable(server: Running, path: str) -> None:
    answer = httpx.get(f"{server.url}{path}")
    assert answer.json()["error"]["code"] == "not_found"


def test_a_pickle_is_never_read(server: Running) -> None:
    body = pickle.dumps({"ids": ["C1"]})
    for path in ("/v1/churn/score", "/", "/schema.json"):
        answer = httpx.post(
            f"{server.url}{path}", content=body, headers={"content-type": "application/vnd.bentoml+pickle"}
        )
        assert answer.status_code in {404, 405, 415}


def test_a_foreign_host_is_refused(server: Running) -> None:
    for path in ("/v1/models", "/schema.json", "/readyz"):
        assert httpx.get(f"{server.url}{path}", headers={"host": "evil.example"}).status_code == 403


def test_the_list_streams_as_csv(server: Running) -> None:
    text = httpx.get(f"{server.url}/v1/segments/buyers/members?format=csv").text
    assert text.splitlines()[0].startswith("customer_no,")
    assert len(text.splitlines()) == 6


def test_the_champion_changes_without_a_failed_request(server: Running) -> None:
    seen: list[tuple[int, str]] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client() as client:
            while not stop.is_set():
                answer = client.post(f"{server.url}/v1/churn/score", json={"ids": ["C1"]})
                seen.append((answer.status_code, answer.json()["version"]))

    callers = [threading.Thread(target=ask) for _ in range(2)]
    for caller in callers:
        caller.start()
    registry.open(server.settings).promote("churn", "2", actor="test")
    for _ in range(600):
        if seen and seen[-1][1] == "2":
            break
        stop.wait(0.05)
    stop.set()
    for caller in callers:
        caller.join()
    assert {status for status, _ in seen} == {200}
    assert {version for _, version in seen} == {"1", "2"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(settings: Settings, number: int) -> None:
    with serving(settings) as running:
        for _ in range(3):
            assert httpx.post(f"{running.url}/v1/churn/score", json={"ids": ["C1"]}).status_code == 200
        assert running.stop(number) == (0, "")
    assert len(PredictionLog(settings.predictions_dir).read("churn")) == 3


@pytest.mark.parametrize("seconds", [1.0, 2.0, 4.0])
def test_a_signal_during_the_start_ends_it_too(settings: Settings, seconds: float) -> None:
    with started(settings) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM), out
    assert "Traceback" not in out


LATE = """
import os, signal, sys

class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        print("sent", flush=True)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "uvicorn":
            Late()

sys.meta_path.insert(0, Finder())
"""


def test_a_signal_where_nothing_can_be_raised_is_not_lost(settings: Settings) -> None:
    with started(settings, [sys.executable, "-c", LATE + PROGRAM]) as process:
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out
    assert "sent" in out or "SystemExit" in out
    assert "http://" not in out


def test_with_a_key_only_its_holder_is_answered(settings: Settings) -> None:
    with serving(settings, RAPPORT_API_KEY="open sesame") as running:
        without = httpx.get(f"{running.url}/v1/models").status_code
        holder = httpx.get(f"{running.url}/v1/models", headers={"authorization": "Bearer open sesame"}).status_code
    assert (without, holder) == (401, 200)


def test_bentoml_itself_can_serve_it(settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "bentoml", "serve", "serving.service:Scoring", "--host", "127.0.0.1"]
    ends = time.monotonic() + PATIENCE
    with started(settings, [*command, "--port", str(port)], BENTOML_HOME=str(settings.home / "bentoml")):
        while True:
            try:
                answer = httpx.post(f"{url}/v1/churn/score", json={"ids": ["C1"]}, timeout=10)
                break
            except httpx.TransportError:
                assert time.monotonic() < ends, "it did not begin to answer"
                time.sleep(0.5)
        assert answer.json()["answers"][0]["status"] == "ok"
        assert httpx.get(f"{url}/docs.json").json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "scores.example"])  # noqa: S104 - that it refuses them
def test_a_host_that_faces_a_network_needs_a_key(tmp_path: Path, host: str) -> None:
    settings = Settings(home=tmp_path, serve_host=host)
    with pytest.raises(ServerError, match=r"faces a network and no key is set; .* is expected; set RAPPORT_API_KEY"):
        run(settings)
    check_host(replace(settings, api_key="k"))
    assert not list(tmp_path.iterdir()), "nothing was opened"


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=rf"127.0.0.1:{port} is in use; .* is expected; .* RAPPORT_SERVE_PORT"):
            run(Settings(home=tmp_path, serve_port=port))


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_cannot_be_is_one_sentence(host: str, port: int) -> None:
    with pytest.raises(ServerError, match="cannot be used"):
        bind(host, port)


def test_the_address_of_a_listener() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
