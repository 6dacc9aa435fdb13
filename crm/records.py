"""Records: the one object through which a process reads and writes what happened, and when we knew it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.engine import URL, make_url

from configs import Settings
from crm import audit, erasing, resolving, surface, writer
from crm.connections import Connection, connect
from crm.counters import ARRIVAL, COUNTERS, Counters
from crm.erasing import Erased
from crm.errors import RecordsError
from crm.failures import explained
from crm.merges import Merges
from crm.reader import Reader, find
from crm.sources import AttributeInfo, SourceInfo, read_attributes, read_holders, read_sources
from crm.writing import Change, Closing, WriteCounts

if TYPE_CHECKING:
    import pandas as pd

FEW = 1_000  # so many ids are asked for by name; for more, the whole table is read
NUMBERS = {"customer": "customers", "lead": "leads", "product": "products", "opportunity": "opportunities"}


class Records:
    """The records of one workspace. Made by `crm.open`, which migrates them first.

    Safe for several threads; several processes may write at the same time and wait for each other.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> import tempfile, pyarrow as pa, crm
    >>> from pathlib import Path
    >>> from configs import Settings
    >>> home = tempfile.TemporaryDirectory()
    >>> records = crm.open(Settings(home=Path(home.name)))
    >>> party = {"source_key": ["a"], "kind": ["person"], "status": ["active"]}
    >>> records.write({"parties": pa.table(party)})["parties"]
    WriteCounts(read=1, inserted=1, corrected=0, retracted=0, unchanged=0)
    >>> records.write({"parties": pa.table(party)})["parties"].unchanged
    1
    >>> records.arrow("parties", ["id", "kind"]).to_pylist()
    [{'id': 1, 'kind': 'person'}]
    >>> records.close(); home.cleanup()
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._url: URL = make_url(settings.records_url)
        self._reader = Reader(self._url)
        self._writing = threading.Lock()

    @cached_property
    def engine(self) -> Engine:
        """A SQLAlchemy engine on the same database, for migrations and maintenance.

        On SQLite it must not be used while this process reads or writes through the other methods:
        see `crm.connections`.
        """
        return create_engine(self._url)

    def arrow(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        after_seq: int | None = None,
        upto_seq: int | None = None,
    ) -> pa.Table:
        """A table, or some of its columns, as Arrow in the order of its primary key.

        Parameters
        ----------
        table : str
            Any table of the schema, ``<table>_versions`` included.
        columns : sequence of str, optional
            Default: all.
        after_seq, upto_seq : int, optional
            Only rows with ``after_seq < seq <= upto_seq``.

        Returns
        -------
        pa.Table
            int64 (moments in µs, money in ten-thousandths), float64, bool, date32 or string.

        Raises
        ------
        RecordsError
            If the table or a column is unknown.
        """
        return self._reader.arrow(table, columns, after_seq, upto_seq)

    def frame(self, table: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table, or some of its columns, as people read it: moments as UTC times, money in its currency.

        Parameters
        ----------
        table : str
            Any table of the schema, ``<table>_versions`` included.
        columns : sequence of str, optional
            Default: all.

        Returns
        -------
        pandas.DataFrame
            Money is float64: to add up large sums exactly, take `arrow`.

        Raises
        ------
        RecordsError
            If the table or a column is unknown.
        """
        return surface.frame(find(table, columns)[0], self.arrow(table, columns))

    def arrived(self, table: str, after_seq: int) -> bool:
        """Whether rows of a head's versions or a fact have arrived since ``after_seq``; cheap.

        Raises
        ------
        RecordsError
            If the table is unknown.
        """
        name = find(table, ["seq"])[0].name
        with self._reader.lend() as connection:
            found = connection.rows(f"SELECT 1 FROM {name} WHERE seq > {int(after_seq)} LIMIT 1")  # noqa: S608 - a name of the schema
        return bool(found)

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        after_seq: int | None = None,
        upto_seq: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The same as `arrow`, batch by batch in bounded memory; all batches show one moment."""
        return self._reader.batches(table, columns, after_seq, upto_seq)

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """The answer to one SELECT with ``:named`` parameters; it cannot change anything.

        Parameters
        ----------
        sql : str
        parameters : mapping, optional
            Value of each name: int, float, str, bool or None.

        Returns
        -------
        pa.Table
            A column named like one of the schema has that one's type; exact sums are int64, other
            exact numbers float64.

        Raises
        ------
        RecordsError
            If the text is not one SELECT, or the database refuses it.
        """
        return self._reader.query(sql, parameters)

    def write(
        self,
        tables: Mapping[str, pa.Table],
        *,
        source: str = "rapport",
        known_at: int | None = None,
        actor: str | None = None,
        reason: str | None = None,
        closing: Closing | None = None,
        as_told: bool = False,
    ) -> dict[str, WriteCounts]:
        """Write rows of heads and facts, all of them or none.

        Parameters
        ----------
        tables : mapping of str to pa.Table
            Rows by table name: our columns, ``source_key``, and optionally ``op`` (``retract`` withdraws and
            needs only the key), ``occurred_at`` and ``known_at``. A foreign key is given as ``<name>_id``, or as
            ``<name>_key``: the source key of the row that is meant, of the same source, in this write or before
            it; for lists of values their natural key (``<pipeline>/<stage>``). Columns that are not given keep
            the value they have.
        source : str
            A declared source; the internal one by default.
        known_at : int, optional
            Moment (µs) for rows that give none. Default: now.
        actor, reason : str, optional
            Kept with each new version of a head. Default actor: that of the settings.
        closing : callable, optional
            Called at the end with the writing, the source's id and the counts; what it writes (a run, an
            audit entry) is kept or lost with the rows.
        as_told : bool
            Whether versions of a fact keep the ``known_at`` that their rows give, even if a later one is there
            already: the same rows end as the same versions in whatever order, and however often, they arrive. A
            row with a ``known_at`` is a whole version then: columns that are not given are null, and a retraction
            that gives the table's needed columns may come before what it withdraws.

        Returns
        -------
        dict of str to WriteCounts

        Raises
        ------
        RecordsError
            Naming table, row and column of the first thing that breaks a rule; nothing is written then.

        Notes
        -----
        A key that the source has written before keeps its id: the same content again is unchanged, other
        content is a new version (``op`` ``correct``) whose ``known_at`` is later than that of the one before.
        """
        change = Change(source, known_at, actor or self.settings.actor, reason, closing, as_told)
        with self._write_connection() as connection:
            return writer.write(connection, tables, change)

    def resolve(self, table: str, source: str, keys: pa.Array | pa.ChunkedArray) -> pa.Array:
        """The id of each source key, null where the source has no such row.

        Parameters
        ----------
        table : str
            A head or a fact, or a list of values (its natural key then; the source does not matter).
        source : str
        keys : array of string

        Returns
        -------
        pa.Array
            int64, as long as `keys`.
        """
        with self._reader.lend() as connection:
            return resolving.resolve(connection, table, source, keys)

    def watermark(self) -> int:
        """The greatest ``seq`` that is committed; 0 before the first write."""
        with self._reader.lend() as connection:
            return int(connection.rows(select(COUNTERS.c.value).where(COUNTERS.c.name == ARRIVAL))[0][0])

    def sources(self) -> list[SourceInfo]:
        """Every source with what it declares and how many rows it has in each table."""
        with self._reader.lend() as connection:
            return read_sources(connection)

    def holders(self, table: str, column: str) -> list[str]:
        """Names of the sources that have rows in `table` whose `column` is not null, sorted."""
        with self._reader.lend() as connection:
            return read_holders(connection, table, column)

    def declare_source(self, info: SourceInfo) -> None:
        """Put in a source, or change what it declares."""
        self.reference("sources", info.row())

    def reference(self, table: str, rows: pa.Table) -> WriteCounts:
        """Put in or change rows of a list of values by their natural key.

        Raises
        ------
        RecordsError
            If the table is not such a list, or a row breaks a rule.
        """
        return self.write({table: rows})[table]

    def audit(self, action: str, subject: str, detail: Mapping[str, object]) -> None:
        """Append an entry to the audit log in the name of the settings' actor."""
        with self._write_connection() as connection:
            audit.append(connection, self.settings.actor, action, subject, detail)

    def merges(self) -> Merges:
        """Which customers were merged into which, to be asked as of any moment."""
        return Merges.read(self)

    def verify_audit(self) -> int:
        """Check the audit log's chain of hashes; the number of its entries.

        Raises
        ------
        RecordsError
            If an entry was changed, removed or put in.
        """
        return audit.verify(row for batch in self.batches("audit_log") for row in batch.to_pylist())

    def erase(self, customer_no: str, *, is_trial: bool = False) -> Erased:
        """Take a customer out of the records for good: removed, or cut loose and emptied, in every version.

        Parameters
        ----------
        customer_no : str
            A present or former number; nothing is found where none has it.
        is_trial : bool
            Only say what would be done.

        Returns
        -------
        Erased
            Counts, and what the person is found by elsewhere.

        Notes
        -----
        The one change that makes no version: what was said before is gone as well, for every ``as_of``. The party's
        row stays, empty, with the status ``erased``.
        """
        with self._write_connection() as connection:
            if connection.is_sqlite:
                connection.rows("PRAGMA secure_delete=ON")
            with connection.transaction():
                Counters(connection)  # every other writer waits
                told = erasing.erase(connection, customer_no, is_trial=is_trial)
        if told.is_found and not is_trial:
            with self._write_connection() as connection:
                erasing.scrub(connection, told.removed | told.unlinked)
        return told

    def attributes(self, entity: str) -> list[AttributeInfo]:
        """The custom attributes of an entity (customer, lead, opportunity, product, company)."""
        with self._reader.lend() as connection:
            return read_attributes(connection, entity)

    def numbers(self, entity: str, ids: Sequence[int] | None = None) -> pa.Table:
        """The number by which people ask for each row of an entity.

        Parameters
        ----------
        entity : str
        ids : sequence of int, optional
            Only these record ids. Default: every row.

        Returns
        -------
        pa.Table
            ``id`` int64, ``number`` string.

        Raises
        ------
        RecordsError
            If the entity has no numbers.
        """
        if entity not in NUMBERS:
            raise RecordsError(f"{entity!r} has no numbers; one of {', '.join(NUMBERS)} is expected; name that")
        if ids is not None and len(ids) <= FEW:
            asked = ", ".join(str(int(number)) for number in ids) or "null"
            sql = f"SELECT id, {entity}_no AS number FROM {NUMBERS[entity]} WHERE id IN ({asked}) ORDER BY id"  # noqa: S608 - our own names and whole numbers
            return self.query(sql).cast(pa.schema([("id", pa.int64()), ("number", pa.string())]))
        found = self.arrow(NUMBERS[entity], ["id", f"{entity}_no"]).rename_columns(["id", "number"])
        return found if ids is None else found.filter(pc.is_in(found.column("id"), pa.array(ids, pa.int64())))

    def close(self) -> None:
        """Close every connection."""
        self._reader.close()
        if "engine" in self.__dict__:
            self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _write_connection(self) -> Iterator[Connection]:
        with self._writing, explained(self._url):
            connection = connect(self._url, writes=True)
            try:
                yield connection
            finally:
                connection.close()
