"""Several models trained at once by one command."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Company

pytestmark = pytest.mark.slow


def test_one_that_fails_stops_no_other(company: Company) -> None:
    answer = company.rapport("train", "churn", "segmentation", "--horizon-days", "100000", code=1)
    failed, trained = answer["models"]
    assert failed["model"] == "churn"
    assert "import more history" in failed["error"]
    assert (trained["model"], trained["grade"] in "ABCD") == ("segmentation", True)


@pytest.mark.parametrize("words", [(), ("--all", "churn"), ("churn", "nonsense")])
def test_what_to_train_is_said_in_one_way(company: Company, words: tuple[str, ...]) -> None:
    assert "churn, lead_score" in company.rapport("train", *words, code=1)["error"]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_waits_for_no_training(company: Company, sign: signal.Signals) -> None:
    words = [sys.executable, "-m", "rapport.main", "train", "--all", "--home", str(company.home)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    while not (children := _children(process.pid)):
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(sign)
    _, said = process.communicate(timeout=90)  # a process that loads its libraries is waited for
    assert process.returncode == 130
    assert said == "rapport: stopped by hand; nothing half done was kept; run the command again to go on\n"
    deadline = time.monotonic() + 5
    while any(_runs(child) for child in children):
        assert time.monotonic() < deadline, "a training runs on"
        time.sleep(0.1)


def _children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in tasks]


def _runs(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()
