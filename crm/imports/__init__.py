"""Files in, records out: a mapping says in SQL how a source's files become rows of our tables.

In: a mapping (``configs/sources/<name>.yaml``, described in ``configs/sources/README.md``) and a folder of files.
Out: records, a file of rejected rows with reasons, and an `ImportReport`. Reading, queries and checks happen in a
locked DuckDB, workbooks are read in a process of their own; everything is written in one transaction or not at all.
May be imported by every layer above `crm`.
"""

from crm.imports.errors import FileError, MappingError, SourceError, WorkbookError
from crm.imports.report import ImportReport, TableReport
from crm.imports.runs import run_import

__all__ = ["FileError", "ImportReport", "MappingError", "SourceError", "TableReport", "WorkbookError", "run_import"]
