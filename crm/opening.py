"""Opening the records of a workspace: the database is made, or brought to this release, when it has to be."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from configs import Settings
from crm.errors import RecordsError
from crm.migrations import HEAD, stored_revision, upgrade
from crm.records import Records

_LOCK_SECONDS = 120


def open(settings: Settings) -> Records:  # noqa: A001 - `crm.open(settings)`, as each package is opened
    """The records of a workspace.

    Parameters
    ----------
    settings : Settings
        Of which ``home`` and ``records_url`` are used.

    Returns
    -------
    Records
        Close it, or use it as a context manager.

    Raises
    ------
    RecordsError
        If the database cannot be reached or made, or is of a later release.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home, open(Settings(home=Path(home))) as records:
    ...     [source.name for source in records.sources()]
    ['rapport']
    """
    url = _url(settings.records_url)
    if stored_revision(url) != HEAD:
        lock = _lock_path(settings, url)
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(lock, timeout=_LOCK_SECONDS):
                if stored_revision(url) != HEAD:
                    upgrade(url)
        except Timeout as error:
            raise RecordsError(
                f"another process has been making the records for {_LOCK_SECONDS} s (lock {lock}); "
                "a free lock is expected; wait for it or end it"
            ) from error
        except OSError as error:
            raise RecordsError(
                f"the records' folder {lock.parent} cannot be used ({error.strerror}); a writable folder is expected; "
                "mend the setting home or records_url"
            ) from error
    return Records(settings)


def _url(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError as error:
        raise RecordsError(
            f"records_url is {text!r}; a URL such as sqlite:////path/records.db or postgresql+psycopg://host/name "
            "is expected; mend the setting"
        ) from error


def _lock_path(settings: Settings, url: URL) -> Path:
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(f"{url.database}.lock")
    return settings.home / "records.lock"
