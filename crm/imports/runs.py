"""One import from beginning to end: everything of it in one transaction, or nothing."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from crm import audit, clock, references
from crm.imports.declared import SourceMapping
from crm.imports.intake import Intake, Progress
from crm.imports.locate import Located, locate
from crm.imports.mapping import find, load
from crm.imports.rejects import write_rejects
from crm.imports.report import ImportReport, TableReport, reasons
from crm.imports.sandbox import Sandbox
from crm.imports.stored import Stored
from crm.imports.targets import ENTITIES, TARGETS
from crm.records import Records
from crm.schema import Base
from crm.sources import SourceInfo
from crm.staging import stage
from crm.writing import WriteCounts, Writing

_KINDS = {
    "whole": "int",
    "moment": "int",
    "money": "decimal",
    "number": "decimal",
    "flag": "bool",
    "day": "date",
    "text": "text",
}


def run_import(
    records: Records, source: str | Path, path: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Import the files of a source.

    Parameters
    ----------
    records : Records
    source : str or Path
        A mapping's name, looked up in ``settings.sources_dirs``, or the path of a mapping file.
    path : Path
        The folder with the files, or the one file.
    dry_run : bool
        Do everything, the writing included, and then take it back: the counts are those of a real run.
    progress : callable, optional
        Called with a stage (``read``, ``check``, ``write``), the steps done and the steps in all.

    Returns
    -------
    ImportReport
        For each table ``accepted + rejected = read``. Rows that cannot be used are in its `rejects` file.

    Raises
    ------
    SourceError
        If the mapping, a file or a query cannot be used; nothing was written.
    RecordsError
        If the records cannot be written, as when the disk is full; nothing was written.

    Notes
    -----
    Importing the same files again writes no record. A row that changed becomes a new version, known from now
    on. A process that dies leaves the records as they were.

    Examples
    --------
    >>> import crm
    >>> from configs import Settings
    >>> home = tempfile.TemporaryDirectory()
    >>> folder = Path(home.name)
    >>> _ = (folder / "people.csv").write_text("id\\nA\\nB\\nA\\n")
    >>> sql = "SELECT id AS source_key, 'b2c' AS kind, row_no FROM people"
    >>> mapping = {"source": "shop", "snapshot_at": "2026-06-30T00:00:00Z", "files": {"people": {"path": "people.csv"}}}
    >>> _ = (folder / "shop.yaml").write_text(json.dumps(mapping | {"tables": {"customers": {"sql": sql}}}))
    >>> with crm.open(Settings(home=folder)) as records:
    ...     report = run_import(records, folder / "shop.yaml", folder)
    >>> report.tables["customers"]
    TableReport(read=3, accepted=2, rejected=1, unchanged=0)
    >>> print(report.rejects.read_text().splitlines()[1])
    3,customers,source_key,duplicate_key,source_key is 'A' as in row 1; each once is expected
    >>> home.cleanup()
    """
    began, clocked = clock.now(), time.perf_counter()
    settings = records.settings
    tell = progress or _silent
    mapping = load(find(source, settings.sources_dirs))
    files = locate(mapping, Path(path))
    with tempfile.TemporaryDirectory(prefix="rapport-import-") as spill, Sandbox(settings, spill) as sandbox:
        intake = Intake(sandbox, mapping, Stored(records, mapping.source, sandbox), tell)
        intake.read(files, settings)
        intake.check()
        rejects, read = intake.rejects(), intake.read_rows()
        tables = intake.accepted()
    lost = Counter(reject.table for reject in rejects)
    rejected = write_rejects(settings.rejects_dir, mapping.source, _stamp(began), rejects) if rejects else None
    run = _Run(mapping, files, path, began, read, lost, rejected, records.settings.actor)
    tell("write", 0, 1)
    closing = _take_back if dry_run else run.close
    try:
        counts = records.write(
            _ordered(mapping, tables), source=mapping.source, reason=f"import of {mapping.source}", closing=closing
        )
    except _TakenBack as done:
        counts = done.counts
    except BaseException:
        if rejected is not None:
            rejected.unlink(missing_ok=True)
        raise
    tell("write", 1, 1)
    seconds = time.perf_counter() - clocked
    return ImportReport(mapping.source, run.reports(counts), rejected, seconds, reasons(rejects), not dry_run)


def _silent(stage: str, done: int, total: int) -> None:
    """Say nothing."""


def _stamp(moment: int) -> str:
    return clock.from_micros(moment).strftime("%Y%m%dT%H%M%S.%fZ")


def _ordered(mapping: SourceMapping, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """What is written: the source, the definitions of attributes, the rows."""
    info = SourceInfo(
        name=mapping.source,
        kind=mapping.kind,
        title=mapping.title,
        basis=mapping.basis,
        licence=mapping.licence,
        zone=mapping.zone or "UTC",
        lag=mapping.lag,
        complete_until=mapping.complete_until,
        snapshot_at=mapping.snapshot_at,
        ordered=mapping.ordered,
        mapping_sha256=mapping.sha256,
    )
    definitions = _definitions(mapping)
    found = {"sources": info.row()}
    if definitions:
        schema = pa.schema([(name, pa.string()) for name in definitions[0] if name != "required"]).append(
            pa.field("required", pa.bool_())
        )
        found["attribute_definitions"] = pa.Table.from_pylist(definitions, schema)
    return found | dict(tables)


def _definitions(mapping: SourceMapping) -> list[dict[str, object]]:
    """A row for each attribute, and for each column that is only known at or after the outcome."""
    found: list[dict[str, object]] = []
    for table in mapping.tables.values():
        entity = {"entity": ENTITIES.get(table.name), "required": False}
        found += [
            entity | {name: value for name, value in asdict(item).items() if name != "column"}
            for item in table.attributes
        ]
        found += [entity | _known_late(table.name, name) for name in table.known]
    return found


def _known_late(table: str, name: str) -> dict[str, object]:
    return {
        "code": name,
        "type": _KINDS[TARGETS[table].columns[name].kind],
        "title": f"the column {name}",
        "unit": None,
        "data_class": Base.metadata.tables[table].columns[name].info["data_class"],
        "known": "after_outcome",
        "suspect": None,
    }


class _TakenBack(Exception):  # noqa: N818 - a signal, not an error
    """Ends the transaction of a dry run without keeping anything."""

    def __init__(self, counts: Mapping[str, WriteCounts]) -> None:
        super().__init__("dry run")
        self.counts = dict(counts)


def _take_back(_writing: Writing, _source_id: int, counts: Mapping[str, WriteCounts]) -> None:
    raise _TakenBack(counts)


class _Run:
    """What is written about the run itself, in the transaction of its rows."""

    def __init__(
        self, mapping: SourceMapping, files: Mapping[str, Located], path: Path, began: int, read: Mapping[str, int],
        lost: Mapping[str, int], rejects: Path | None, actor: str,
    ) -> None:  # fmt: skip
        self._mapping, self._began, self._read, self._lost = mapping, began, read, lost
        self._rejects, self._actor = rejects, actor
        root = path.parent if path.is_file() else path
        self._files = {name: located.described(root) for name, located in files.items()}

    def reports(self, counts: Mapping[str, WriteCounts]) -> dict[str, TableReport]:
        """The counts of each table of the report."""
        names = [*self._mapping.tables, *(name for name in [*counts, *self._lost] if name not in self._mapping.tables)]
        found = {}
        for name in dict.fromkeys(names):
            if name not in ("sources", "attribute_definitions"):
                written, lost = counts.get(name, WriteCounts()), self._lost.get(name, 0)
                read = self._read.get(name, written.read + lost)
                changed = written.inserted + written.corrected + written.retracted
                found[name] = TableReport(read, read - lost, lost, max(0, read - lost - changed))
        return found

    def close(self, writing: Writing, source_id: int, counts: Mapping[str, WriteCounts]) -> None:
        """Note the run and an audit entry."""
        reports = {name: asdict(report) for name, report in self.reports(counts).items()}
        rejects = None if self._rejects is None else str(self._rejects)
        row = {
            "source_id": source_id,
            "state": "applied",
            "started_at": self._began,
            "finished_at": clock.now(),
            "files": json.dumps(self._files, ensure_ascii=False, default=str),
            "counts": json.dumps(reports),
            "rejects": rejects,
        }
        table = Base.metadata.tables["import_runs"]
        staged = stage(table, pa.Table.from_pylist([row]), default_known=None)
        references.upsert(writing, "import_runs", staged.rounds[0], source_id)
        detail = {"files": self._files, "mapping": self._mapping.sha256, "tables": reports, "rejects": rejects}
        audit.add(writing.connection, writing.counters, self._actor, "import", self._mapping.source, detail)
