"""Write every row of a table to a file: rapport export TABLE --format csv|xlsx|parquet.

For administrators, to take the records elsewhere; it is written in the audit log. Lists of people to
contact are segments: rapport segment export.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from crm.exports import export_table
from pipelines.workspace import Workspace
from rapport.answer import Answer


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("table", metavar="TABLE", help="orders, customers, leads, …")
    parser.add_argument("--format", choices=("csv", "xlsx", "parquet"), default="csv")
    parser.add_argument("--output", type=Path, help="file to write (default: exports/ in the workspace)")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Export, and answer with the file and its number of rows."""
    path = arguments.output or workspace.settings.exports_dir / f"{arguments.table}.{arguments.format}"
    report = export_table(workspace.records, arguments.table, path, arguments.format)
    data = report.to_json()
    return Answer(data, [f"{data['rows']:,} rows of {arguments.table} in {data['path']}"])
