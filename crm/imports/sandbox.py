"""DuckDB behind a closed door: the files' rows go in as Arrow, then queries run that reach nothing else.

External access is off from the start (we hand it Arrow, it opens no file), and the configuration is
locked before the first query of a mapping runs. Larger inputs spill into a folder that is removed.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from configs import Settings
from crm.imports.errors import FileError, MappingError

_MISSING = re.compile(r'Referenced (?:column|table) "([^"]+)" not found')
_SHARE = 3  # of the memory allowed, DuckDB takes one part; Arrow tables on their way to the records take the rest


class Sandbox:
    """One DuckDB in memory, for one import.

    Parameters
    ----------
    settings : Settings
        `memory_mb`, `threads` and `query_seconds` bound it.
    spill : str
        A folder for what does not fit into memory.
    """

    def __init__(self, settings: Settings, spill: str) -> None:
        import duckdb

        self._error: type[Exception] = duckdb.Error
        self._seconds = settings.query_seconds
        self._connection = duckdb.connect(
            config={
                "memory_limit": f"{max(128, settings.memory_mb // _SHARE)}MiB",
                "threads": settings.threads or os.cpu_count() or 1,
                "temp_directory": spill,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute("SET enable_external_access = false")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def remember(self, name: str, micros: int) -> None:
        """Let queries ask for a moment with ``getvariable(name)``."""
        self._connection.execute(f"SET VARIABLE {name} = make_timestamptz({micros})")

    def lock(self) -> None:
        """Refuse every later change of the configuration."""
        self._connection.execute("SET lock_configuration = true")

    def load(self, name: str, rows: pa.Table) -> None:
        """Make a table of Arrow rows."""
        self.create(name, rows.schema)
        self.append(name, rows)

    def create(self, name: str, schema: pa.Schema) -> None:
        """Make an empty table."""
        self._connection.register("arrow_rows", schema.empty_table())
        self.run(f"CREATE OR REPLACE TABLE {quoted(name)} AS SELECT * FROM arrow_rows")
        self._connection.unregister("arrow_rows")

    def append(self, name: str, rows: pa.RecordBatch | pa.Table) -> None:
        """Append Arrow rows to a table, in their order."""
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        self._connection.register("arrow_rows", table)
        self.run(f"INSERT INTO {quoted(name)} SELECT * FROM arrow_rows")
        self._connection.unregister("arrow_rows")

    def run(self, sql: str) -> None:
        """Run a statement of ours."""
        try:
            self._connection.execute(sql)
        except self._error as error:
            raise _full(error) or error from error

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer as Python rows, for small answers."""
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        except self._error as error:
            raise _full(error) or error from error
        return found

    def arrow(self, sql: str) -> pa.Table:
        """The answer as Arrow."""
        return self._connection.sql(sql).to_arrow_table()

    def columns(self, table: str) -> dict[str, str]:
        """Name and type of each column of a table."""
        return {name: str(kind) for name, kind, *_ in self.rows(f"DESCRIBE {quoted(table)}")}

    def keep(self, name: str, sql: str, place: str) -> None:
        """Make a table of the answer to a mapping's query, numbered in its order (column ``#``).

        Parameters
        ----------
        name : str
            Of the new table.
        sql : str
            One SELECT of the mapping.
        place : str
            Where it stands, for messages.

        Raises
        ------
        MappingError
            If it is not one SELECT, does not run (the sentence carries DuckDB's reason), or runs for too long.
        """
        try:
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1:
                raise MappingError(f"{place} is {len(statements)} statements; one SELECT is expected; mend it")
            if not str(statements[0].type).endswith("SELECT"):
                kind = str(statements[0].type).rpartition(".")[2]
                raise MappingError(f"{place} is {kind} and no SELECT; one SELECT is expected; mend it")
            query = statements[0].query.strip().rstrip(";")
            self._bounded(f'CREATE TABLE {quoted(name)} AS SELECT row_number() OVER () AS "#", * FROM (\n{query}\n)')
        except TimeoutError as error:
            raise MappingError(
                f"{place} ran for {self._seconds} s and was stopped; an answer within them is expected; mend it (is a "
                "join without ON?), or raise RAPPORT_QUERY_SECONDS"
            ) from error
        except self._error as error:
            raise _full(error) or MappingError(f"{place} does not run: {self._reason(error)}") from error

    def _bounded(self, sql: str) -> None:
        """Run a statement that may take for ever; its time, or Ctrl-C, which DuckDB does not see, stops it."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self._connection.execute, sql)
            try:
                running.result(self._seconds or None)
            finally:
                if not running.done():
                    self._connection.interrupt()

    def _reason(self, error: Exception) -> str:
        text = str(error).strip()
        missing = _MISSING.search(text)
        if missing is None:
            return f"{text.splitlines()[0]}; SQL that DuckDB runs over the mapping's files is expected; mend it"
        tables = self.rows(
            "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE NOT internal AND NOT "
            "starts_with(table_name, '#') GROUP BY 1"
        )
        known = "; ".join(f"{table} has {', '.join(names)}" for table, names in sorted(tables))
        return (
            f"it names {missing[1]!r}, which no file has; one of these is expected: {known}; mend the query or the file"
        )


def quoted(name: str) -> str:
    """An identifier for DuckDB.

    Examples
    --------
    >>> quoted('a "b"')
    '"a ""b\"""'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text value for DuckDB.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _full(error: Exception) -> FileError | None:
    """The error of a full disk or of too little memory, in one sentence."""
    text = str(error)
    if "No space left" in text or "Out of Memory" in text or "max_temp_directory_size" in text:
        reason = text.strip().splitlines()[0]
        return FileError(
            f"the rows do not fit into memory and temporary space ({reason}); more of either is expected; "
            "free space (TMPDIR) or raise memory_mb"
        )
    return None
