"""Reading: whole tables or queries as Arrow, typed by the schema whatever the driver would have guessed.

The SQLite driver takes a column's type from its first batch, so a column that begins with nulls, or with
whole numbers before text, would break or change its type. Tables are therefore read behind one row of
known types, and queries in one batch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import adbc_driver_manager
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Select, String, Table, cast, literal_column, select, union_all
from sqlalchemy.engine import URL

from crm.arrow_types import arrow_schema, arrow_type, conform
from crm.connections import Connection, connect
from crm.errors import RecordsError
from crm.named import bind
from crm.schema import Base

_SENTINELS = {pa.int64(): "0", pa.bool_(): "0", pa.float64(): "0.0", pa.string(): "''", pa.date32(): "''"}
_BY_NAME: dict[str, pa.DataType] = {}


class Reader:
    """Reading connections, kept and lent to one thread at a time.

    Parameters
    ----------
    url : URL
        The database.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """A connection that cannot write, given back at the end, or closed when it failed."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or connect(self._url, writes=False)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def arrow(self, name: str, columns: Sequence[str] | None, after_seq: int | None, upto_seq: int | None) -> pa.Table:
        """A table of the schema, or some of its columns, in the order of its key."""
        table, chosen = find(name, columns)
        with self.lend() as connection:
            batches = list(_read(connection, table, chosen, after_seq, upto_seq))
        return pa.Table.from_batches(batches, schema=arrow_schema(table, chosen))

    def batches(
        self, name: str, columns: Sequence[str] | None, after_seq: int | None, upto_seq: int | None
    ) -> Iterator[pa.RecordBatch]:
        """A table batch by batch in the order of its key, in bounded memory and of one moment."""
        table, chosen = find(name, columns)
        with self.lend() as connection:
            yield from _read(connection, table, chosen, after_seq, upto_seq)

    def query(self, sql: str, parameters: Mapping[str, object] | None) -> pa.Table:
        """The answer to one SELECT with ``:named`` parameters."""
        with self.lend() as connection:
            text, values = bind(sql, parameters or {}, "?{}" if connection.is_sqlite else "${}")
            try:
                answer = connection.table(f"{text}\n", values)  # PostgreSQL's driver puts it in brackets
            except (adbc_driver_manager.Error, OSError) as error:
                reason = str(error).strip().splitlines()[0]
                raise RecordsError(
                    f"the query cannot be answered ({reason}); one SELECT over the records' tables is expected; mend it"
                ) from error
        return pa.table({field.name: _typed(answer.column(i), field) for i, field in enumerate(answer.schema)})


def find(name: str, columns: Sequence[str] | None = None) -> tuple[Table, list[str]]:
    """The table of that name and its columns, those asked for or all.

    Raises
    ------
    RecordsError
        If the table or a column is unknown; the sentence lists the known ones.
    """
    table = Base.metadata.tables.get(name)
    if table is None:
        known = ", ".join(sorted(Base.metadata.tables))
        raise RecordsError(f"the table {name!r} is unknown; the tables are {known}; name one of them")
    known_columns = [column.name for column in table.columns]
    unknown = [column for column in columns or () if column not in known_columns]
    if unknown:
        raise RecordsError(
            f"the table {name} has no column {unknown[0]!r}; its columns are {', '.join(known_columns)}; name those"
        )
    return table, known_columns if columns is None else list(columns)


def _read(
    connection: Connection, table: Table, columns: list[str], after_seq: int | None, upto_seq: int | None
) -> Iterator[pa.RecordBatch]:
    schema = arrow_schema(table, columns)
    query = _select(table, columns, connection.is_sqlite)
    if (after_seq is not None or upto_seq is not None) and "seq" not in table.columns:
        raise RecordsError(f"the table {table.name} has no seq; read it without after_seq and upto_seq")
    if after_seq is not None:
        query = query.where(table.columns["seq"] > after_seq)
    if upto_seq is not None:
        query = query.where(table.columns["seq"] <= upto_seq)
    query = query.order_by(*table.primary_key.columns)
    if not connection.is_sqlite:
        for batch in connection.batches(query):
            yield from conform(pa.Table.from_batches([batch]), schema).to_batches()
        return
    # LIMIT keeps SQLite from dropping the inner order
    inner = query.limit(-1).subquery()
    first: Any = select(*[literal_column(_SENTINELS[field.type]) for field in schema])
    skipped = 1
    for batch in connection.batches(union_all(first, select(inner))):
        yield from conform(pa.Table.from_batches([batch.slice(skipped)]), schema).to_batches()
        skipped = 0


def _select(table: Table, columns: list[str], is_sqlite: bool) -> Select[Any]:
    if not is_sqlite:
        return select(*[table.columns[name] for name in columns])
    plain = {pa.bool_(), pa.date32()}
    chosen = []
    for i, name in enumerate(columns):
        column = table.columns[name]
        kind = String if arrow_type(column) == pa.string() else column.type
        value = column if arrow_type(column) in plain else cast(column, kind)
        chosen.append(value.label(f"c{i}"))
    return select(*chosen)


def _typed(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    """A column of a query's answer: exact numbers as int64 or float64, known names with their own types."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = _number(column)
    wanted = _types_by_name().get(field.name)
    if wanted is None or column.type == wanted:
        return column
    if column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), wanted)])
    boolean = wanted == pa.bool_() and pa.types.is_integer(column.type)
    date = wanted == pa.date32() and pa.types.is_string(column.type)
    double = wanted == pa.float64() and pa.types.is_integer(column.type)
    try:
        return column.cast(wanted) if boolean or date or double else column
    except pa.ArrowInvalid:
        return column


def _number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pa.chunked_array([chunk.storage for chunk in column.chunks], pa.string())
    has_fraction = pc.any(pc.match_substring_regex(text, r"[^0-9-]")).as_py()
    return text.cast(pa.float64() if has_fraction else pa.int64())


def _types_by_name() -> dict[str, pa.DataType]:
    if not _BY_NAME:
        kinds: dict[str, set[pa.DataType]] = {}
        for table in Base.metadata.tables.values():
            for column in table.columns:
                kinds.setdefault(column.name, set()).add(arrow_type(column))
        _BY_NAME.update({name: next(iter(found)) for name, found in kinds.items() if len(found) == 1})
    return _BY_NAME
