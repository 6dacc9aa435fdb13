"""Is it safe to hand a workbook to a reader? Its parts are streamed and counted first; nothing is built up.

A workbook is a zip of XML. A small one can unpack to gigabytes, declare entities that multiply, or
hold two cells a million rows apart, for which readers build a table of everything between.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.parsers import expat

from crm.imports.errors import WorkbookError

UNPACKED_LIMIT = 2 * 2**30  # bytes of all parts
RATIO_LIMIT = 250  # unpacked to packed, of a part of more than RATIO_FLOOR
RATIO_FLOOR = 16 * 2**20
CELL_LIMIT = 30_000_000  # cells of the smallest rectangle around a sheet's cells
_CHUNK = 2**18
_PLACE = re.compile(r"([A-Za-z]{1,4})([0-9]{1,9})")


def check_workbook(path: Path, place: str) -> None:
    """Refuse a workbook that would cost too much to read.

    Parameters
    ----------
    path : Path
    place : str
        Its name, for messages.

    Raises
    ------
    WorkbookError
        If it is no XLSX workbook, is encrypted, declares a document type, unpacks to too much, or one
        of its sheets spans too many cells.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" not in {name.lower().lstrip("/") for name in names}:
                raise WorkbookError(
                    f"{place} is no XLSX workbook; one is expected; save it as .xlsx or export it as CSV"
                )
            if len(set(names)) != len(names):
                raise WorkbookError(f"{place} holds a part twice; a sound workbook is expected; save it again")
            total = 0
            for part in archive.infolist():
                total += _check_part(archive, part, place, UNPACKED_LIMIT - total)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise WorkbookError(
            f"{place} is no XLSX workbook ({error}); one without a password is expected; save it as .xlsx or export "
            f"it as CSV"
        ) from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, place: str, left: int) -> int:
    """Stream one part; its unpacked bytes."""
    size = 0
    with archive.open(part) as raw:
        chunk = raw.read(_CHUNK)
        if not chunk.lstrip(b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n").startswith(b"<"):
            return 0  # a picture or the like, which is not read
        sheet = _Extent(place, part.filename)
        while chunk:
            size += len(chunk)
            if size > left:
                raise WorkbookError(
                    f"{place} unpacks to more than {UNPACKED_LIMIT >> 30} GB; less is expected; export it as CSV"
                )
            if size > RATIO_FLOOR and size > RATIO_LIMIT * max(1, part.compress_size):
                raise WorkbookError(
                    f"{place} unpacks {part.filename} to more than {RATIO_LIMIT} times its size; a workbook as "
                    f"programs write it "
                    "is expected; save it again or export it as CSV"
                )
            sheet.feed(chunk)
            chunk = raw.read(_CHUNK)
        sheet.feed(b"", is_last=True)
    return size


class _Extent:
    """The rectangle around the cells of one XML part, while it streams by."""

    def __init__(self, place: str, part: str) -> None:
        self._place, self._part = place, part
        self._row = self._column = 0
        self._top = self._left = 2**62
        self._bottom = self._right = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser

    def feed(self, chunk: bytes, *, is_last: bool = False) -> None:
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            raise WorkbookError(
                f"{self._place} has a part {self._part} that is no XML ({error}); a sound workbook is expected; save "
                f"it again"
            ) from error

    def _doctype(self, *_: object) -> None:
        raise WorkbookError(
            f"{self._place} declares a document type in {self._part}; a workbook as programs write it is expected; "
            "save it again or export it as CSV"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "row":
            given = attributes.get("r", "")
            self._row = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else self._row + 1
            self._column = 0
        elif tag == "c":
            found = _PLACE.fullmatch(attributes.get("r", ""))
            self._column += 1
            if found is not None:
                self._column, self._row = _column_number(found[1]), int(found[2])
            self._widen()

    def _widen(self) -> None:
        row, column = self._row, self._column
        if self._top <= row <= self._bottom and self._left <= column <= self._right:
            return
        self._top, self._bottom = min(self._top, row), max(self._bottom, row)
        self._left, self._right = min(self._left, column), max(self._right, column)
        cells = (self._bottom - self._top + 1) * (self._right - self._left + 1)
        if cells > CELL_LIMIT:
            raise WorkbookError(
                f"{self._place} spans {cells:,} cells in {self._part}; at most {CELL_LIMIT:,} are expected; "
                "remove stray cells or export it as CSV"
            )


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
