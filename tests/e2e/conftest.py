"""One small made-up company, taken through the whole loop by the command itself, shared by all tests here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Company:
    """A workspace after `rapport demo`, and what the demo said."""

    home: Path
    demo: dict[str, Any]

    def rapport(self, *words: str, code: int = 0) -> Any:
        """One call of the command with ``--json``; its answer."""
        done = subprocess.run(
            [sys.executable, "-m", "rapport.main", *words, "--json", "--home", str(self.home)],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company of 1,500 customers."""
    home = tmp_path_factory.mktemp("company")
    made = Company(home, {})
    return Company(home, made.rapport("demo", "--customers", "1500"))


@contextmanager
def served_by(home: Path) -> Iterator[str]:
    """`rapport serve` on a free port, for as long as it is asked; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rapport.main", "serve", "--port", "0", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"RAPPORT_SERVE_POLL_SECONDS": "0.2"},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "http://" in line, line
        yield line.split()[2].rstrip(";")
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="session")
def server(company: Company) -> Iterator[str]:
    """The company's server; its address."""
    with served_by(company.home) as url:
        yield url


@pytest.fixture(scope="session")
def ask(server: str) -> Callable[[str, Any], Any]:
    """Put a question to the server; the answer as plain values."""
    import httpx

    def put(path: str, body: Any = None) -> Any:
        with httpx.Client(base_url=server, timeout=60) as client:
            answer = client.get(path) if body is None else client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return put
