"""What a mapping declares, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ATTRIBUTE_TYPES = ("int", "decimal", "text", "bool", "date", "picklist")
FORMATS = ("csv", "fixed", "jsonl", "parquet", "xlsx")


@dataclass(frozen=True, kw_only=True)
class FileSpec:
    """One file, which becomes one table of texts.

    Attributes
    ----------
    name : str
        The table's name in the mapping's queries.
    paths : tuple of str
        Where it may lie below the folder given, the first that exists; ``a.zip!b/c.csv`` is a member of an archive.
    format : str
        One of `FORMATS`.
    delimiter, quote, encoding : str
        Of separated texts.
    skip : int
        Lines before the header.
    sheet : str or None
        Of a workbook; None: the first.
    columns : tuple of str
        Names, for a file without a header line.
    spans : mapping of str to (int, int)
        First and last place of each column of a fixed-width file, counted from 1.
    """

    name: str
    paths: tuple[str, ...]
    format: str
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    skip: int = 0
    sheet: str | None = None
    columns: tuple[str, ...] = ()
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AttributeSpec:
    """A further column of an entity, stored as a typed attribute.

    Attributes
    ----------
    code : str
        Its name among the entity's attributes.
    column : str
        The column of the query that holds it.
    type : str
        One of `ATTRIBUTE_TYPES`.
    title, unit : str or None
    data_class : str
    known : str
        ``always`` or ``after_outcome``.
    suspect : str or None
        Answer to the leak audit (``allowed: …``).
    """

    code: str
    column: str
    type: str
    title: str | None = None
    unit: str | None = None
    data_class: str = "business"
    known: str = "always"
    suspect: str | None = None


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """The query that fills one of our tables.

    Attributes
    ----------
    name : str
    sql : str
        One SELECT over the mapping's files.
    is_keyless : bool
        ``key: row_number``: the number of the row stands for the key that the source lacks.
    has_history : bool
        Several rows of one key are its versions, told apart by ``known_at``.
    attributes : tuple of AttributeSpec
    labels : mapping of str to str
        Column of each outcome that the source states.
    known : tuple of str
        Columns of the table that are only known at or after the outcome.
    """

    name: str
    sql: str
    is_keyless: bool = False
    has_history: bool = False
    attributes: tuple[AttributeSpec, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    known: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cover:
    """A purpose and a channel for which the source's consent basis holds."""

    purpose: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class SourceMapping:
    """A whole mapping file.

    Attributes
    ----------
    path : Path
        The file.
    sha256 : str
        Of its bytes.
    source : str
        Name of the source.
    title, licence, basis, zone : str or None
    kind : str
    lag : int
        µs between happening and knowing.
    complete_until : int or None
        µs; None is live.
    snapshot_at : int or None
        µs; the moment of rows that have none of their own.
    ordered : bool
        The files' order is the order in time.
    covers : tuple of Cover
    files : mapping of str to FileSpec
    tables : mapping of str to TableSpec
    """

    path: Path
    sha256: str
    source: str
    kind: str = "files"
    title: str | None = None
    licence: str | None = None
    zone: str | None = None
    lag: int = 0
    complete_until: int | None = None
    snapshot_at: int | None = None
    ordered: bool = False
    basis: str | None = None
    covers: tuple[Cover, ...] = ()
    files: Mapping[str, FileSpec]
    tables: Mapping[str, TableSpec]
