"""The records as of a moment, ready for SQL: tables are read once, and the rows that count are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from crm import Records, SourceInfo, clock
from crm.schema import Base, Head

if TYPE_CHECKING:
    import duckdb

HEADS = {mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Head)}


Policy: TypeAlias = Callable[[str, str], Mapping[str, Any]]


def no_policy(_model: str, _version: str) -> Mapping[str, Any]:
    """No model is at hand."""
    return {}


class Reading:
    """One pass over the records for one report.

    A row is seen when it happened and was known before the moment of its section; of several versions the last one
    known by then counts, and a retracted row is gone.

    Parameters
    ----------
    records : Records
    as_of : int, optional
        Moment (µs) for all sections. Default: for each section the earliest ``complete_until`` of the sources that
        have rows in its tables; the present where all of them are live.
    policy : callable, optional
        The policy of a model's version, by both names; empty where it is not at hand.
    """

    def __init__(self, records: Records, as_of: int | None = None, policy: Policy = no_policy) -> None:
        import duckdb

        self.records, self.given, self.policy = records, as_of, policy
        self.now = clock.now()
        self.watermark = records.watermark()
        self.sources: Sequence[SourceInfo] = records.sources()
        self._rows: dict[str, tuple[int, int]] = {}
        self._base: duckdb.DuckDBPyConnection = duckdb.connect(":memory:")
        self._base.execute("set threads = ?", [max(1, records.settings.threads or 2)])
        self._base.execute(f"set memory_limit = '{records.settings.memory_mb}MiB'")

    def close(self) -> None:
        """Forget what was read."""
        self._base.close()

    def moment(self, *tables: str) -> int | None:
        """As of when a section over `tables` speaks; None if no source has rows in any of them."""
        using = [item for item in self.sources if any(item.tables.get(table) for table in tables)]
        if not using:
            return None
        if self.given is not None:
            return self.given
        return min(self.now if item.complete_until is None else item.complete_until for item in using)

    def see(self, table: str, columns: Sequence[str], moment: int) -> int:
        """Make the visible rows of a table a relation of its name; their number is returned.

        The relation has ``id``, ``occurred_at`` and `columns`.
        """
        if not self.has(table, moment):
            stored = f"{table}_versions" if table in HEADS else table
            wanted = dict.fromkeys(["id", "version", "op", "occurred_at", "known_at", *columns])
            self.put("arrived", self.records.arrow(stored, list(wanted), upto_seq=self.watermark))
            kept = ", ".join(dict.fromkeys(["id", "occurred_at", *columns]))
            self.run(
                f"create or replace table {table} as select {kept} from (select * from arrived "  # noqa: S608 - ours
                "where known_at < $moment qualify row_number() over (partition by id order by version desc) = 1) "
                "where op <> 'retract' and occurred_at < $moment",
                {"moment": moment},
            )
            self._base.unregister("arrived")
            self.note(table, moment, self.ask(f"select count(*) as n from {table}")[0]["n"])  # noqa: S608 - ours
        return self.counted(table, moment)

    def note(self, table: str, moment: int, rows: int) -> None:
        """Remember that the relation `table` shows a moment, and how many rows counted."""
        self._rows[table] = (moment, rows)

    def has(self, table: str, moment: int) -> bool:
        """Whether the relation `table` shows this moment."""
        return table in self._rows and self._rows[table][0] == moment

    def counted(self, table: str, moment: int) -> int:
        """How many rows of a table counted as of a moment."""
        return self._rows[table][1] if self.has(table, moment) else 0

    def put(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table a relation."""
        self._base.register(name, table)

    def run(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run a statement that makes a relation."""
        self._base.execute(sql, parameters or {})

    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The answer to a query with ``$named`` parameters, as rows."""
        answer = self._base.execute(sql, parameters or {})
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def reference(self, table: str) -> None:
        """Make a list of values a relation of its name."""
        self.put(table, self.records.arrow(table))
