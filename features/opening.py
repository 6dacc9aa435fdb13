"""Opening the feature store of a workspace."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from configs import Settings
from crm import Records
from features.catalogue import Catalogue
from features.declare.attributes import resolve
from features.discovery import PACKAGED, find_views
from features.errors import OnlineStoreError
from features.history.store import History
from features.online.postgres import PostgresStore
from features.online.protocol import OnlineStore, shown
from features.online.redis_store import RedisStore
from features.online.sqlite import SQLiteStore
from features.spark.home import SparkHome
from features.store import FeatureStore

BUCKET_SHARE = 2_048  # bytes of working memory for each row of a bucket: some threads, twenty columns, a copy


def open(  # noqa: A001 - `features.open(settings, records)`, as each package is opened
    settings: Settings, records: Records, *, folders: tuple[Path, ...] = ()
) -> FeatureStore:
    """The feature store of a workspace.

    Parameters
    ----------
    settings : Settings
        ``history_dir``, ``exchange_dir``, ``online_url``, ``memory_mb``, ``threads``, ``spark_master``.
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
    history = History(settings.history_dir, records, bucket_rows=bucket_rows, memory_mb=settings.memory_mb)
    threads = settings.threads or os.cpu_count() or 1
    online = open_online(settings.online_url, settings.online_password)
    spark = SparkHome(history, settings.exchange_dir, settings.spark_master, settings.memory_mb, bucket_rows)
    return FeatureStore(records, catalogue, history, online, threads, spark)


def open_online(url: str, password: str = "") -> OnlineStore:
    """The online store at a URL.

    Parameters
    ----------
    url : str
        ``sqlite:///path``, ``redis://host:port/database`` or ``postgresql://user@host:port/database``. Servers take
        ``?prefix=name``, which keeps workspaces on one server apart; the default is ``rapport``.
    password : str
        Of the server, so that the URL need not hold it.

    Raises
    ------
    OnlineStoreError
        If no store speaks that kind of URL.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = open_online(f"sqlite:///{folder}/online.db")
    ...     store.stamp("customer") is None
    ...     store.close()
    True
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and url.startswith("sqlite:///") and parts.path.strip("/"):
        return SQLiteStore(Path(url.removeprefix("sqlite:///")))
    kind, _, driver = parts.scheme.partition("+")
    if kind not in ("redis", "rediss", "postgresql") or driver not in ("", "psycopg") or not parts.hostname:
        raise OnlineStoreError(
            f"the online store {shown(url)!r} is of an unknown kind; sqlite:///path, redis://host:port/database or "
            "postgresql://user@host:port/database is expected; set RAPPORT_ONLINE_URL"
        )
    if kind != "postgresql" and not parts.path.strip("/").isdigit() and parts.path.strip("/"):
        raise OnlineStoreError(
            f"the online store {shown(url)!r} names the database {parts.path.strip('/')!r}; the number of a Redis "
            "database is expected; correct it in RAPPORT_ONLINE_URL, or write ?prefix=name"
        )
    asked = dict(parse_qsl(parts.query))
    prefix = asked.pop("prefix", "rapport")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", prefix):
        raise OnlineStoreError(
            f"the online store's prefix is {prefix!r}; at most 31 small letters, digits and underscores, a letter "
            "first, are expected; correct it in RAPPORT_ONLINE_URL"
        )
    plain = urlunsplit(parts._replace(scheme=kind, query=urlencode(asked, quote_via=quote)))
    return PostgresStore(plain, prefix, password) if kind == "postgresql" else RedisStore(plain, prefix, password)
