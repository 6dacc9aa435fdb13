"""Reading a mapping file: found by name or path, checked key by key, frozen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from crm.imports.declared import ATTRIBUTE_TYPES, FORMATS, AttributeSpec, Cover, FileSpec, SourceMapping, TableSpec
from crm.imports.durations import duration, moment
from crm.imports.errors import MappingError
from crm.imports.section import Section
from crm.imports.targets import ATTRIBUTED, LABELLED, TARGETS

BASES = ("consent", "contract", "legitimate_interest", "soft_opt_in")
CHANNELS = ("email", "phone", "sms", "post", "social", "web", "any")
_TOP = (
    "source", "title", "kind", "licence", "zone", "lag", "complete_until", "live", "snapshot_at", "ordered", "basis",
    "covers", "files", "tables",
)  # fmt: skip
_FILE = ("path", "format", "delimiter", "quote", "encoding", "skip", "sheet", "columns")
_TABLE = ("sql", "key", "history", "attributes", "labels", "known")
_ATTRIBUTE = ("type", "column", "title", "unit", "data_class", "known", "suspect")
_CLASSES = ("public", "business", "contact", "identity", "financial", "free_text", "special", "secret")
_KNOWN = ("always", "after_outcome")
_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
             ".parquet": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx"}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def find(source: str | Path, folders: Sequence[Path]) -> Path:
    """The mapping file of a source's name, or of its path.

    Parameters
    ----------
    source : str or Path
        A name (searched as ``<name>.yaml`` in `folders`, first hit wins) or a path ending in ``.yaml`` or ``.yml``.
    folders : sequence of Path

    Raises
    ------
    MappingError
        If there is none; the sentence lists the known names.
    """
    path = Path(source)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file():
            return path
        raise MappingError(f"the mapping {path} does not exist; a YAML file is expected; mend the path")
    for folder in folders:
        if (folder / f"{source}.yaml").is_file():
            return folder / f"{source}.yaml"
    known = sorted({item.stem for folder in folders for item in folder.glob("*.yaml")})
    raise MappingError(
        f"the source {str(source)!r} is unknown; {', '.join(known) or 'no source'} can be imported; "
        f"name one of them, or give the path of a mapping (.yaml)"
    )


def load(path: Path) -> SourceMapping:
    """Read and check a mapping file.

    Raises
    ------
    MappingError
        If it is not YAML, or a key is unknown, missing or not what is expected.
    """
    try:
        raw = path.read_bytes()
        values = yaml.safe_load(raw)
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise MappingError(
            f"{path}: the mapping cannot be read ({reason}); a YAML file is expected; mend it"
        ) from error
    top = Section(path, "", values, _TOP)
    zone = _zone(top)
    complete_until, snapshot_at = _times(top, zone)
    basis = top.choice("basis", BASES) if "basis" in top.values else None
    return SourceMapping(
        path=path,
        sha256=hashlib.sha256(raw).hexdigest(),
        source=_name(top),
        kind=top.text("kind", "files"),
        title=top.maybe_text("title"),
        licence=top.maybe_text("licence"),
        zone=zone,
        lag=_lag(top),
        complete_until=complete_until,
        snapshot_at=snapshot_at,
        ordered=top.flag("ordered"),
        basis=basis,
        covers=_covers(top, basis),
        files={name: _file(top.below(f"files.{name}", value, _FILE), name) for name, value in top.names("files")},
        tables=_tables(top),
    )


def _name(top: Section) -> str:
    expected = "a name of at most 63 small letters, digits and _ (not rapport, the records' own)"
    name = top.text("source", expected=expected)
    if not _NAME.fullmatch(name) or name == "rapport":
        raise top.wrong("source", expected)
    return name


def _zone(top: Section) -> str | None:
    zone = top.maybe_text("zone")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise top.wrong("zone", "a time zone such as Europe/Berlin") from error
    return zone


def _lag(top: Section) -> int:
    try:
        return duration(top.text("lag", "0s"))
    except ValueError as error:
        raise top.wrong("lag", "a whole number with us, ms, s, m, h or d, such as 2h,") from error


def _times(top: Section, zone: str | None) -> tuple[int | None, int | None]:
    """complete_until and snapshot_at in µs; a snapshot is complete the microsecond after it."""
    found: dict[str, int] = {}
    for key in ("complete_until", "snapshot_at"):
        if top.values.get(key) is not None:
            try:
                found[key] = moment(top.values[key], zone)
            except ValueError as error:
                expected = str(error) if "such as" in str(error) else "a moment such as 2026-06-30T00:00:00"
                raise top.wrong(key, expected) from error
    is_live = top.flag("live")
    if is_live == bool(found):
        raise MappingError(
            f"{top.path}: the mapping says {'live and ' + min(found) if is_live else 'not how far its files go'}; "
            "complete_until, snapshot_at or `live: true` is expected; write one"
        )
    snapshot_at = found.get("snapshot_at")
    complete_until = found.get("complete_until", None if snapshot_at is None else snapshot_at + 1)
    return complete_until, snapshot_at


def _covers(top: Section, basis: str | None) -> tuple[Cover, ...]:
    entries = top.values.get("covers") or []
    if not isinstance(entries, list) or (entries and basis is None):
        raise top.wrong("covers", "a list of purpose and channel beside a `basis`")
    found = []
    for number, entry in enumerate(entries, 1):
        part = top.below(f"covers.{number}", entry, ("purpose", "channel"))
        found.append(Cover(purpose=part.text("purpose"), channel=part.choice("channel", CHANNELS)))
    return tuple(found)


def _file(part: Section, name: str) -> FileSpec:
    if not _NAME.fullmatch(name):
        raise MappingError(
            f"{part.path}: the file name {name!r} is no word; small letters, digits and _ are expected; rename it"
        )
    given = part.values.get("path")
    listed = given if isinstance(given, list) else [given]
    paths = [path for path in listed if isinstance(path, str) and path]
    if not paths or len(paths) < len(listed):
        raise part.wrong("path", "a path below the imported folder, or a list of them,")
    suffix = Path(paths[0].rpartition("!")[2].lower().removesuffix(".gz")).suffix
    form = part.choice("format", FORMATS, _SUFFIXES.get(suffix))
    delimiter = part.values.get("delimiter", "\t" if suffix == ".tsv" else ",")
    if not isinstance(delimiter, str):
        raise part.wrong("delimiter", "one character")
    quote = part.text("quote", '"')
    for key, value in (("delimiter", delimiter), ("quote", quote)):
        if len(value) != 1:
            raise part.wrong(key, "one character")
    columns, spans = _columns(part, form)
    return FileSpec(
        name=name, paths=tuple(paths), format=form, delimiter=delimiter, quote=quote, columns=columns, spans=spans,
        encoding=part.text("encoding", "utf-8"), skip=part.whole("skip", 0), sheet=part.maybe_text("sheet"),
    )  # fmt: skip


def _columns(part: Section, form: str) -> tuple[tuple[str, ...], dict[str, tuple[int, int]]]:
    given = part.values.get("columns")
    if form == "fixed":
        spans = {name: _span(part, name, value) for name, value in part.names("columns")}
        if not spans:
            raise part.wrong("columns", "name: [first place, last place] for each column of a fixed-width file")
        return (), spans
    if given is None:
        return (), {}
    if not isinstance(given, list) or not all(isinstance(item, str) and item for item in given):
        raise part.wrong("columns", "a list of names")
    return tuple(given), {}


def _span(part: Section, name: str, value: Any) -> tuple[int, int]:
    fits = isinstance(value, list) and len(value) == 2 and all(type(item) is int for item in value)
    if not fits or not 1 <= value[0] <= value[1]:
        raise MappingError(
            f"{part.path}: {part.name('columns')}.{name} is {value!r}; [first place, last place] from 1 on is "
            f"expected; mend it"
        )
    return value[0], value[1]


def _tables(top: Section) -> dict[str, TableSpec]:
    tables = {}
    for name, value in top.names("tables"):
        if name not in TARGETS:
            raise MappingError(
                f"{top.path}: the table {name!r} is unknown; {', '.join(TARGETS)} can be filled; name one of them"
            )
        tables[name] = _table(top.below(f"tables.{name}", value, _TABLE), name)
    if not tables:
        raise top.wrong("tables", "at least one table with its sql")
    return tables


def _table(part: Section, name: str) -> TableSpec:
    for key, allowed in (("attributes", ATTRIBUTED), ("labels", LABELLED), ("known", ATTRIBUTED)):
        if part.values.get(key) and name not in allowed:
            raise MappingError(
                f"{part.path}: {part.where} has {key}; only {', '.join(allowed)} can have them; leave them out"
            )
    labels = {}
    for label, column in part.names("labels"):
        labels[label] = column or label
        if not isinstance(labels[label], str):
            raise part.below("labels", {label: column}).wrong(label, "the name of a column")
    for column, known in part.names("known"):
        if known not in _KNOWN:
            raise part.below("known", {column: known}).wrong(column, " or ".join(_KNOWN))
        if column not in TARGETS[name].columns:
            raise MappingError(
                f"{part.path}: {part.where}.known.{column} is no column of {name}; one of its columns is expected; "
                f"mend it"
            )
    return TableSpec(
        name=name,
        sql=part.text("sql", expected="one SELECT"),
        is_keyless=part.choice("key", ("row_number", "source_key"), "source_key") == "row_number",
        has_history=part.flag("history"),
        attributes=tuple(_attribute(part, code, value) for code, value in part.names("attributes")),
        labels=labels,
        known=tuple(column for column, known in part.names("known") if known == "after_outcome"),
    )


def _attribute(table: Section, code: str, value: Any) -> AttributeSpec:
    values = {"type": value} if isinstance(value, str) else value
    part = table.below(f"attributes.{code}", values, _ATTRIBUTE)
    return AttributeSpec(
        code=code,
        column=part.text("column", code),
        type=part.choice("type", ATTRIBUTE_TYPES),
        title=part.maybe_text("title"),
        unit=part.maybe_text("unit"),
        data_class=part.choice("data_class", _CLASSES, "business"),
        known=part.choice("known", _KNOWN, "always"),
        suspect=part.maybe_text("suspect"),
    )
