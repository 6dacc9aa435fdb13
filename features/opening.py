"""Opening the feature store of a workspace."""

from __future__ import annotations

import os
from pathlib import Path

from configs import Settings
from crm import Records
from features.catalogue import Catalogue
from features.declare.attributes import resolve
from features.discovery import PACKAGED, find_views
from features.errors import OnlineStoreError
from features.history.store import History
from features.online.protocol import OnlineStore
from features.online.sqlite import SQLiteStore
from features.store import FeatureStore

BUCKET_SHARE = 2_048  # bytes of working memory for each row of a bucket: some threads, twenty columns, a copy


def open(  # noqa: A001 - `features.open(settings, records)`, as each package is opened
    settings: Settings, records: Records, *, folders: tuple[Path, ...] = ()
) -> FeatureStore:
    """The feature store of a workspace.

    Parameters
    ----------
    settings : Settings
        ``history_dir``, ``online_url``, ``memory_mb``, ``threads``.
    records : Records
    folders : tuple of Path
        Folders of views beyond those that come with Rapport.

    Raises
    ------
    DeclarationError
        If a view's file is bad; the sentence names it.
    """
    views = find_views((PACKAGED, *folders))
    catalogue = Catalogue({name: resolve(view, records.attributes(view.entity.name)) for name, view in views.items()})
    bucket_rows = max(10_000, min(settings.memory_mb * 2**20 // BUCKET_SHARE, 1_000_000))
    history = History(settings.history_dir, records, bucket_rows=bucket_rows)
    threads = settings.threads or os.cpu_count() or 1
    return FeatureStore(records, catalogue, history, open_online(settings.online_url), threads)


def open_online(url: str) -> OnlineStore:
    """The online store at a URL.

    Raises
    ------
    OnlineStoreError
        If no store speaks that kind of URL.
    """
    kind, _, path = url.partition(":///")
    if kind != "sqlite" or not path:
        raise OnlineStoreError(
            f"the online store {url!r} is of an unknown kind; sqlite:///path is expected; set RAPPORT_ONLINE_URL"
        )
    return SQLiteStore(Path(path))
