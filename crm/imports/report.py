"""What an import did, for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from crm.imports.rejects import Reject


@dataclass(frozen=True)
class TableReport:
    """Counts of one table; ``accepted + rejected = read``, and ``unchanged`` is part of ``accepted``.

    Attributes
    ----------
    read, accepted, rejected, unchanged : int
    """

    read: int
    accepted: int
    rejected: int
    unchanged: int


@dataclass(frozen=True)
class Reason:
    """Why some rows of a table were rejected.

    Attributes
    ----------
    table, code : str
    rows : int
        How many rows were rejected so.
    example : str
        What is said of the first of them.
    """

    table: str
    code: str
    rows: int
    example: str


def reasons(rejects: Sequence[Reject]) -> tuple[Reason, ...]:
    """The reasons of rejected rows, the most frequent first.

    Examples
    --------
    >>> [(item.code, item.rows) for item in reasons([Reject(1, "orders", "kind", "range", "no"),
    ...     Reject(2, "orders", "at", "no_zone", "no"), Reject(3, "orders", "at", "no_zone", "no")])]
    [('no_zone', 2), ('range', 1)]
    """
    first: dict[tuple[str, str, str], Reject] = {}
    for item in rejects:
        first.setdefault((item.table, item.column, item.code), item)
    counts = Counter((item.table, item.column, item.code) for item in rejects)
    return tuple(Reason(key[0], key[2], rows, first[key].message) for key, rows in counts.most_common())


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes
    ----------
    source : str
    tables : dict of str to TableReport
        By table name, in the order of the mapping, then what followed from it.
    rejects : Path or None
        The file with the rejected rows.
    seconds : float
    reasons : tuple of Reason
        Why rows were rejected, the most frequent first.
    written : bool
        False after a dry run.

    Examples
    --------
    >>> report = ImportReport("shop", {"orders": TableReport(3, 2, 1, 0)}, None, 0.5)
    >>> report.to_json()["tables"]
    {'orders': {'read': 3, 'accepted': 2, 'rejected': 1, 'unchanged': 0}}
    """

    source: str
    tables: dict[str, TableReport]
    rejects: Path | None
    seconds: float
    reasons: tuple[Reason, ...] = ()
    written: bool = True

    def to_json(self) -> dict[str, object]:
        """The report as plain values."""
        return {
            "source": self.source,
            "tables": {name: asdict(table) for name, table in self.tables.items()},
            "rejects": None if self.rejects is None else str(self.rejects),
            "seconds": round(self.seconds, 3),
            "written": self.written,
        }
