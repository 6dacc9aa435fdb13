"""Import a CRM export: rapport import SOURCE PATH.

SOURCE is the name of a mapping (configs/sources/<name>.yaml) or the path of your own mapping file; PATH is
the folder that holds the files. Rows that cannot be taken are written to a file with their reasons.
Importing the same files again changes nothing; --dry-run tells what an import would do, and writes no record.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from crm.imports import run_import
from pipelines.workspace import Workspace
from rapport.answer import Answer, table

SHOWN = 8  # reasons of rejection that are printed; the file has them all


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("source", metavar="SOURCE", help="name of a mapping, or the path of a mapping file")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder that holds the source's files")
    parser.add_argument("--dry-run", action="store_true", help="check and count everything, and keep nothing")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Import, and answer with the counts of each table."""
    report = run_import(
        workspace.records, arguments.source, arguments.path, dry_run=arguments.dry_run, progress=workspace.progress
    )
    data = report.to_json()
    columns = ("read", "accepted", "rejected", "unchanged")
    rows = [[name, *(getattr(counts, column) for column in columns)] for name, counts in report.tables.items()]
    lines = [*table(["table", *columns], rows), ""]
    if report.rejects:
        lines += [f"  {item.rows:,} of {item.table} rejected: {item.example}" for item in report.reasons[:SHOWN]]
        lines.append(f"Rejected rows, each with its reason: {report.rejects}")
    lost = [name for name, counts in report.tables.items() if counts.read and counts.rejected == counts.read]
    if lost:
        lines.append(f"Every row of {' and '.join(lost)} was rejected: mend the mapping's query and import again.")
    if not any(counts.read for counts in report.tables.values()):
        lines.append("The files held no rows: nothing was there to import. See that the export is whole.")
    if not report.written:
        return Answer(data, [*lines, f"A dry run of {report.source}, {report.seconds:.1f} s: no record was written."])
    lines.append(f"Imported {report.source} in {report.seconds:.1f} s. Next: {_next(workspace)}")
    return Answer(data, lines)


def _next(workspace: Workspace) -> str:
    """Training where nothing answers yet, else the daily run."""
    if any(workspace.registry.alias(name, "champion") for name in workspace.registry.models()):
        return "rapport run daily"
    models = workspace.training.teachable()
    return f"rapport train MODEL ({', '.join(models)}), then rapport run daily" if models else "rapport run daily"
