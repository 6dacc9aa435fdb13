"""A store over inline rows, in a folder of its own, and empty online stores of every kind."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from features import FeatureStore, FeatureView, InlineRecords, open_inline
from features.online.protocol import OnlineStore
from features.opening import open_online

Opener = Callable[..., FeatureStore]
Urls = Callable[[str], str]
KINDS = ("sqlite", "redis", "postgresql")


@pytest.fixture(params=KINDS)
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Urls]:
    """The URL of an empty store for each name; what is in them is deleted afterwards."""
    if request.param == "sqlite":
        yield lambda name: f"sqlite:///{tmp_path / name / 'online.db'}"
        return
    server = str(request.getfixturevalue(f"{request.param.removesuffix('ql')}_url"))
    begin = f"{server}{'&' if '?' in server else '?'}prefix=t{uuid.uuid4().hex[:8]}"
    yield lambda name: f"{begin}_{name}"
    if request.param == "redis":
        with redis.Redis.from_url(server) as client:
            for key in client.scan_iter(f"{begin.partition('prefix=')[2]}_*"):
                client.delete(key)


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Opener]:
    """Opens stores over inline records and closes them in the end."""
    opened: list[FeatureStore] = []

    def opener(
        records: InlineRecords,
        compact_rows: int = 100_000,
        threads: int = 1,
        bucket_rows: int = 1_000_000,
        **views: FeatureView,
    ) -> FeatureStore:
        folder = tmp_path / f"store{len(opened)}"
        store = open_inline(views, records, folder, threads=threads, compact_rows=compact_rows, bucket_rows=bucket_rows)
        opened.append(store)
        return store

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def url(urls: Urls) -> str:
    """The URL of an empty store of each kind."""
    return urls("online")


@pytest.fixture
def online(url: str) -> Iterator[OnlineStore]:
    store = open_online(url)
    yield store
    store.close()
