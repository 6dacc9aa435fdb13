"""What a database says when it cannot write, put into one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_manager
from sqlalchemy.engine import URL

from crm.errors import RecordsError

_SENTENCES = {
    "disk is full": "the disk is full; free space is expected; make room and try again",
    "no space left": "the disk is full; free space is expected; make room and try again",
    "disk I/O error": "the disk cannot be written; free space and a sound disk are expected; make room and try again",
    "database is locked": "another process keeps writing; a free moment is expected; try again when it is done",
    "readonly database": "the file may not be written; write permission is expected; mend its owner or mode",
    "append-only": "a row that is there for good was to be changed; new versions are expected; correct or retract it",
}


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn a driver's error into a `RecordsError`."""
    try:
        yield
    except (adbc_driver_manager.Error, OSError) as error:
        said = str(error).strip()
        shown = url.render_as_string(hide_password=True)
        for sign, sentence in _SENTENCES.items():
            if sign.lower() in said.lower():
                raise RecordsError(f"nothing was written to {shown}: {sentence}") from error
        raise RecordsError(
            f"nothing was written to {shown}: the database says {said.splitlines()[0]!r}; "
            "rows that keep the schema's rules are expected; mend the rows"
        ) from error
