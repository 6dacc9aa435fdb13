"""A store over inline rows, in a folder of its own, and an empty online store of each kind."""

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


KINDS = ("sqlite", "redis", "postgresql")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store of each kind; what is in it is deleted afterwards."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'online' / 'online.db'}"
    elif request.param == "postgresql":
        yield request.getfixturevalue("postgres_url")
    else:
        server, prefix = request.getfixturevalue("redis_url"), f"test_{uuid.uuid4().hex[:12]}"
        yield f"{server}?prefix={prefix}"
        with redis.Redis.from_url(server) as client:
            for key in client.scan_iter(f"{prefix}:*"):
                client.delete(key)


@pytest.fixture
def online(url: str) -> Iterator[OnlineStore]:
    store = open_online(url)
    yield store
    store.close()
