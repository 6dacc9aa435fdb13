"""Which customers were merged into which, as it was known at any moment.

A merge is a version of the party that goes, with the status ``merged`` and the party that stays in ``merged_into_id``;
a later version without it undoes the merge. Chains are followed to their end. A circle cannot be written; where the
versions seen at some moment make one, nobody in it counts as merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
from sqlalchemy import select

from crm.connections import Connection
from crm.errors import RecordsError
from crm.schema import Base

STEPS = """
SELECT id, CASE WHEN op <> 'retract' THEN merged_into_id END AS stays, occurred_at, known_at, seq FROM parties_versions
WHERE id IN (SELECT id FROM parties_versions WHERE merged_into_id IS NOT NULL) ORDER BY id, version
"""
CUSTOMERS = """
SELECT c.id, c.party_id, c.customer_no AS number, min(v.known_at) AS known_at
FROM customers c JOIN customers_versions v ON v.id = c.id
WHERE c.op <> 'retract' AND c.party_id IN (
  SELECT id FROM parties_versions WHERE merged_into_id IS NOT NULL
  UNION SELECT merged_into_id FROM parties_versions WHERE merged_into_id IS NOT NULL)
GROUP BY c.id, c.party_id, c.customer_no
"""


class Step(NamedTuple):
    """What one version of a party says: into which other it was merged (None: into none), and its clocks."""

    into: int | None
    occurred_at: int
    known_at: int
    seq: int = 0


class Customer(NamedTuple):
    """A customer whose party was merged at some time, or had another merged into it."""

    id: int
    party_id: int
    number: str
    known_at: int


class Root(NamedTuple):
    """The party that stays at the end of a chain of merges, and the moment since which all of it is known (µs)."""

    party_id: int
    since: int


class Survivor(NamedTuple):
    """The customer who stays, and the moment since which the merge is known (µs)."""

    id: int
    number: str
    since: int


class Queried(Protocol):
    """What answers one SELECT."""

    def query(self, sql: str) -> pa.Table:
        """Its rows."""


class Merges:
    """The merges of the records, to be asked as of any moment.

    Parameters
    ----------
    steps : mapping of int to sequence of Step
        By party that was ever merged, its versions in order.
    customers : sequence of Customer

    Examples
    --------
    >>> steps = {1: [Step(2, 10, 10)], 2: [Step(3, 20, 20)]}
    >>> merges = Merges(steps, [Customer(7, 1, "A", 0), Customer(8, 2, "B", 0), Customer(9, 3, "C", 0)])
    >>> [merges.of("A", moment) for moment in (10, 11, 21)]
    [None, Survivor(id=8, number='B', since=10), Survivor(id=9, number='C', since=20)]
    >>> sorted(merges.at(21))
    [7, 8]
    """

    def __init__(self, steps: Mapping[int, Sequence[Step]], customers: Sequence[Customer]) -> None:
        self._steps = steps
        self._by_party = {item.party_id: item for item in customers}
        self._by_number = {item.number: item for item in customers}

    def __bool__(self) -> bool:
        """Whether there was ever any."""
        return bool(self._steps)

    @classmethod
    def none(cls) -> Merges:
        """No merge at all."""
        return cls({}, [])

    @classmethod
    def read(cls, records: Queried) -> Merges:
        """All merges that the records tell."""
        steps: dict[int, list[Step]] = {}
        for party, *told in _rows(records.query(STEPS)):
            steps.setdefault(party, []).append(Step(*told))
        return cls(steps, [Customer(*row) for row in _rows(records.query(CUSTOMERS))] if steps else [])

    def at(self, moment: int) -> dict[int, Survivor]:
        """The customers whom a merge had taken, as was known before a moment, each with the one who stays.

        A customer whose party was merged into one that is no customer is still the customer, so nobody took it.
        """
        found = {item.id: self._survivor(item, moment) for item in self._by_party.values()}
        return {customer: survivor for customer, survivor in found.items() if survivor is not None}

    def of(self, number: str, moment: int) -> Survivor | None:
        """Who stays of a customer, by number, as was known before a moment; None where no merge took it."""
        mine = self._by_number.get(number)
        return None if mine is None else self._survivor(mine, moment)

    def parties(self, upto_seq: int) -> dict[int, Root]:
        """The parties that are merged into others by what had arrived up to a number, each with the one that stays."""
        found = {party: self._root(party, lambda step: step.seq <= upto_seq) for party in self._steps}
        return {party: root for party, root in found.items() if root is not None}

    def _survivor(self, customer: Customer, moment: int) -> Survivor | None:
        root = self._root(customer.party_id, lambda step: step.occurred_at < moment and step.known_at < moment)
        stays = None if root is None else self._by_party.get(root.party_id)
        if root is None or stays is None or stays.known_at >= moment:
            return None
        return Survivor(stays.id, stays.number, root.since)

    def _root(self, party: int, is_seen: Callable[[Step], bool]) -> Root | None:
        passed, since = {party}, 0
        while True:
            step = next((item for item in reversed(self._steps.get(party, ())) if is_seen(item)), None)
            if step is None or step.into is None:
                return Root(party, since) if len(passed) > 1 else None
            if step.into in passed:
                return None
            party, since = step.into, max(since, step.known_at)
            passed.add(party)


def _rows(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def links(connection: Connection) -> dict[int, int]:
    """The merges that stand: by party the one into which it is merged, one step each."""
    parties = Base.metadata.tables["parties"]
    query = select(parties.c.id, parties.c.merged_into_id).where(parties.c.merged_into_id.is_not(None))
    return {int(party): int(into) for party, into in connection.rows(query)}


def end_of(party: int, into: Mapping[int, int]) -> int | None:
    """Where a chain of merges ends; None where it is a circle.

    Examples
    --------
    >>> end_of(1, {1: 2, 2: 3}), end_of(1, {1: 2, 2: 1}), end_of(4, {1: 2})
    (3, None, 4)
    """
    passed: set[int] = set()
    while party in into:
        if party in passed:
            return None
        passed.add(party)
        party = into[party]
    return party


def refuse_circles(connection: Connection) -> None:
    """Refuse merges that lead back to where they began.

    Raises
    ------
    RecordsError
    """
    into = links(connection)
    wrong = [party for party in sorted(into) if end_of(party, into) is None]
    if wrong:
        parties = Base.metadata.tables["parties"]
        keys = dict(connection.rows(select(parties.c.id, parties.c.source_key).where(parties.c.id.in_(wrong[:5]))))
        raise RecordsError(
            f"parties: {', '.join(repr(keys[party]) for party in wrong[:5])} are merged into each other in a circle; "
            "one of them that stays is expected; leave out the merge of that one"
        )
