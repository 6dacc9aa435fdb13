"""From training over the gate and the pointer to a running server: what is better answers, and no request fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from crm.synthetic import write_company
from tests.e2e.conftest import Company, served_by

pytestmark = pytest.mark.slow

EARLY, EARLIER = "2025-02-15", "2025-01-25"  # half a year of history, and a little less
CALLERS = 3


class Callers:
    """Threads that ask the server all the time, and what they were answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[tuple[int, str]] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CALLERS)]

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with httpx.Client(base_url=self.url, timeout=60) as client:
            while not self._stop.is_set():
                answer = client.post("/v1/churn/score", json={"ids": ["1", "2"]})
                body = answer.json()
                self.seen.append((answer.status_code, body.get("version", answer.text)))
                time.sleep(0.01)

    def wait_for(self, version: str, seconds: float) -> float:
        """Until an answer is by `version`; how long it took."""
        begun = time.monotonic()
        while not self.seen or self.seen[-1][1] != version:
            assert time.monotonic() < begun + seconds, f"version {version} did not answer within {seconds} s"
            time.sleep(0.01)
        return time.monotonic() - begun

    @property
    def turns(self) -> list[str]:
        """The versions that answered, one after the other."""
        versions = [version for _, version in list(self.seen)]
        return [version for place, version in enumerate(versions) if not place or versions[place - 1] != version]


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A made-up company whose champion was taught on little history."""
    files = write_company(tmp_path_factory.mktemp("export"), customers=2_500, seed=5)
    company = Company(tmp_path_factory.mktemp("young"), {})
    company.rapport("import", "synthetic", str(files.directory))
    first = company.rapport("train", "churn", "--as-of", EARLY)
    assert first["promoted"], first["decision"]
    company.rapport("materialize")
    return company


@pytest.fixture(scope="module")
def callers(young: Company) -> Iterator[Callers]:
    with served_by(young.home) as url, Callers(url) as asking:
        yield asking


def test_better_is_served_worse_is_refused_and_the_way_back_takes_a_second(young: Company, callers: Callers) -> None:
    callers.wait_for("1", 60)

    better = young.rapport("train", "churn")
    assert better["promoted"], better["decision"]
    assert better["decision"][0].startswith("promoted: AUC against the champion +")
    callers.wait_for(better["version"], 30)

    worse = young.rapport("train", "churn", "--as-of", EARLIER)
    assert not worse["promoted"]
    assert worse["decision"][0].startswith("not promoted: ")
    assert worse["version"] not in ("1", better["version"])
    champions = [
        item["version"] for item in young.rapport("models", "churn")["models"]["churn"] if "champion" in item["aliases"]
    ]
    assert champions == [better["version"]]

    young.rapport("rollback", "churn")
    assert callers.wait_for("1", 30) < 1.0, "the server follows within a second of the command's end"
    assert {status for status, _ in callers.seen} == {200}
    assert callers.turns == ["1", better["version"], "1"]
