"""The one door to MLflow: imported when first needed, quiet, without telemetry, its file migrated once."""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from registry.errors import RegistryError

SQLITE = "sqlite:///"
WAIT_SECONDS = 60.0

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",  # no connection outlives its use
}


def preload() -> None:
    """Load MLflow, which takes seconds, for a process that will register."""
    os.environ.update(_ENVIRONMENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_module("mlflow.tracking")


class Tracking:
    """A connection to MLflow's store that is made when it is first used.

    Parameters
    ----------
    url : str
        ``sqlite:///<absolute path>``, the URL of a server (``http…``), or of a database.
    lock : Path
        File that is locked while the store is migrated or written.
    """

    def __init__(self, url: str, lock: Path) -> None:
        self.url = url
        self._lock = FileLock(lock)  # one object: a thread that holds it may take it again
        self._client: Any = None

    @property
    def file(self) -> Path | None:
        """MLflow's SQLite file; None for a server or another database."""
        return Path(self.url.removeprefix(SQLITE)) if self.url.startswith(SQLITE) else None

    @property
    def is_server(self) -> bool:
        """Whether the store is an MLflow server, which decides itself where its artefacts lie."""
        return self.url.startswith(("http://", "https://"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file lock: one process at a time migrates the store or moves a pointer.

        Raises
        ------
        RegistryError
            If another process holds it for a minute.
        """
        path = Path(self._lock.lock_file)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=WAIT_SECONDS)
        except Timeout as error:
            raise RegistryError.busy(path, WAIT_SECONDS) from error
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def client(self) -> Iterator[Any]:
        """MLflow's client; its warnings stay inside.

        Raises
        ------
        RegistryError
            If the store does not answer.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._client is None:
                self._client = self._connect()
            from mlflow.exceptions import MlflowException

            try:
                yield self._client
            except MlflowException as error:
                raise RegistryError.unreachable(self.url, _first_line(error)) from error

    def _connect(self) -> Any:
        preload()
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        try:
            with self.locked():
                if self.file is not None:
                    self.file.parent.mkdir(parents=True, exist_ok=True)
                client = MlflowClient(tracking_uri=self.url, registry_uri=self.url)
                client.search_experiments(max_results=1)
        except (MlflowException, OSError) as error:
            raise RegistryError.unreachable(self.url, _first_line(error)) from error
        if self.file is not None:
            with closing(sqlite3.connect(self.file)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        return client


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
