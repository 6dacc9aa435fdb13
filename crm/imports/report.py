"""What an import did, for people and programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path


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

    def to_json(self) -> dict[str, object]:
        """The report as plain values."""
        return {
            "source": self.source,
            "tables": {name: asdict(table) for name, table in self.tables.items()},
            "rejects": None if self.rejects is None else str(self.rejects),
            "seconds": round(self.seconds, 3),
        }
