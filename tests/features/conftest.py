"""A store over inline rows, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from features import FeatureStore, FeatureView, InlineRecords, open_inline

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
