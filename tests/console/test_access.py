"""The desk behind a key, and as a process of its own."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

import console
from configs import Settings
from console.access import as_bearer
from serving import ServerError
from serving.server import bind
from tests.console.conftest import browse
from tests.serving.conftest import copied

ROOT = Path(__file__).parents[2]
PROGRAM = (
    "import console; from configs import Settings; "
    "console.run(Settings.load(), announce=lambda url: print(url, flush=True))"
)


def _basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.anyio
async def test_with_a_key_a_browser_gives_it_as_password(settings: Settings) -> None:
    desk = console.open(replace(settings, api_key="k\u00e9y", serve_host="0.0.0.0"))  # noqa: S104 - nothing listens
    try:
        async with browse(desk, headers={"host": "desk.intern"}) as browser:
            for given in (b"", b"Basic !", _basic("me:wrong"), _basic("k\u00e9y")):
                answer = await browser.get("/models", headers={b"authorization": given})
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Basic ")
            for given in (_basic("me:k\u00e9y"), "Bearer k\u00e9y".encode()):
                assert (await browser.get("/models", headers={b"authorization": given})).status_code == 200
    finally:
        desk.close()


def test_a_password_may_hold_a_colon() -> None:
    assert as_bearer(_basic("me:a:b")) == b"Bearer a:b"


@pytest.mark.slow
def test_it_runs_and_stops_cleanly(template: Path, tmp_path: Path) -> None:
    settings = copied(template, tmp_path / "home")
    environment = os.environ | {"RAPPORT_HOME": str(settings.home), "RAPPORT_CONSOLE_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        patience = threading.Timer(180, process.kill)
        patience.start()
        url = process.stdout.readline().strip()
        patience.cancel()
        try:
            assert httpx.get(f"{url}/customers/C3", timeout=60).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")


def test_a_host_that_faces_a_network_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="faces a network and no key is set"):
        console.run(Settings(home=tmp_path, serve_host="192.0.2.1"))


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(ServerError, match=r"is in use; .* RAPPORT_CONSOLE_PORT"):
            console.run(Settings(home=tmp_path, console_port=taken.getsockname()[1]))
