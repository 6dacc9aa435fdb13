"""Rejected rows in a file: which row of which table, why, written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from crm.imports.errors import FileError

HEADER = ("row_no", "table", "column", "code", "message")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Reject:
    """One row that cannot be used.

    Attributes
    ----------
    row_no : int or None
        Its number in the file, where the mapping's query says it.
    table, column, code, message : str
    """

    row_no: int | None
    table: str
    column: str
    code: str
    message: str


def write_rejects(folder: Path, source: str, stamp: str, rejects: Iterable[Reject]) -> Path:
    """Write a CSV file of rejected rows.

    Parameters
    ----------
    folder : Path
    source, stamp : str
        Make the file's name.
    rejects : iterable of Reject

    Returns
    -------
    Path
        The file; a spreadsheet may open it, no cell is a formula.

    Raises
    ------
    FileError
        If it cannot be written, as when the disk is full; no part of it stays.
    """
    path = folder / f"{source}-{stamp}.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(["" if cell is None else _plain(str(cell)) for cell in astuple(item)] for item in rejects)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8", newline="") as file:
            part = Path(file.name)
            try:
                file.write(text.getvalue())
                file.flush()
                os.fsync(file.fileno())
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise FileError(
            f"the rejected rows cannot be written to {path} ({error.strerror or error}); room and permission are "
            f"expected; "
            "make some, or set rejects_dir; nothing was imported"
        ) from error
    return path


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
