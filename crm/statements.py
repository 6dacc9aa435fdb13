"""The set-based statements of one write, the same for SQLite and PostgreSQL.

``stage_<t>`` holds the rows as given, ``keys_<t>`` the same with the id of each, ``rows_<t>`` what is to
be written: complete new versions in the table's own columns, without the rows that change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Table,
    TableClause,
    and_,
    case,
    cast,
    column,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy import (
    table as plain_table,
)

from crm.shapes import CLOCKED, MANAGED, Link, content, links, listed, shapes

INSERT, CORRECT, RETRACT = 1, 2, 3


@dataclass(frozen=True)
class Target:
    """One table of a write: what was given for it, and by whom.

    Attributes
    ----------
    table : Table
    source_id : int
    default_known : int
        ``known_at`` of rows that give none, µs.
    now : int
        The present, µs.
    given : tuple of str
        Columns handed in, ``n`` and key columns included.
    pending : frozenset of str
        Tables of this write whose rows are not in the database yet, this one included.
    is_told : bool
        Whether versions of a fact keep the ``known_at`` that they are given, in whatever order they arrive.
    """

    table: Table
    source_id: int
    default_known: int
    now: int
    given: tuple[str, ...] = ()
    pending: frozenset[str] = frozenset()
    is_told: bool = False

    @property
    def is_fact(self) -> bool:
        """Whether the table is append-only."""
        return shapes()[self.table.name] == "fact"

    @property
    def keeps_moments(self) -> bool:
        """Whether versions are facts that keep the ``known_at`` that they are given."""
        return self.is_told and self.is_fact and "known_at" in self.given

    @property
    def links(self) -> list[Link]:
        """The foreign keys given as source keys."""
        return [link for key, link in links(self.table.name).items() if key in self.given]


def temporary(kind: str, name: str, columns: tuple[str, ...]) -> TableClause:
    """A temporary table of this write, with its columns typed like those of the schema where they are used in sums."""
    return plain_table(f"{kind}_{name}", *[column(item) for item in columns])


def number(value: int) -> ColumnElement[int]:
    """A 64-bit number written into the statement."""
    return literal_column(str(int(value)), BigInteger)


def stored(
    target: Table, source_id: int, key: ColumnElement[Any], alias: str
) -> tuple[FromClause, ColumnElement[bool]]:
    """A table of the schema and the condition that finds the version of a source's key in it that was known last."""
    found = target.alias(alias)
    condition = and_(found.c.source_id == number(source_id), found.c.source_key == key)
    if shapes()[target.name] == "fact":
        later = target.alias(f"{alias}_later")
        last = select(later.c.version).where(later.c.source_id == number(source_id), later.c.source_key == key)
        last = last.order_by(later.c.known_at.desc(), later.c.version.desc()).limit(1)
        condition = and_(condition, found.c.version == last.scalar_subquery())
    return found, condition


def keys(target: Target, last_id: int) -> Select[Any]:
    """Rows as given, with the current id and version of each, or a new id."""
    given = temporary("stage", target.table.name, target.given)
    current, condition = stored(target.table, target.source_id, given.c.source_key, "current")
    is_new = current.c.id.is_(None)
    order = func.sum(case((is_new, number(1)), else_=number(0))).over(order_by=given.c.n)
    return select(
        given,
        current.c.id.label("current_id"),
        current.c.version.label("current_version"),
        _last_version(target, current).label("last_version"),
        case((is_new, number(last_id) + order), else_=current.c.id).label("id"),
    ).select_from(given.outerjoin(current, condition))


def _last_version(target: Target, current: FromClause) -> ColumnElement[int]:
    """The greatest version so far; of a fact not always the one that was known last."""
    if not target.is_fact:
        version: ColumnElement[int] = current.c.version
        return version
    every = target.table.alias("arrived")
    return select(func.max(every.c.version)).where(every.c.id == current.c.id).scalar_subquery()


def rows(target: Target, last_seq: int) -> Select[Any]:
    """The new versions to write, with their ``seq``, in the order given."""
    all_rows = _versions(target).subquery("every")
    position = func.row_number().over(order_by=all_rows.c.n)
    return select(all_rows, (number(last_seq) + position).label("seq")).where(all_rows.c.kind_ != number(0))


def _versions(target: Target) -> Select[Any]:
    table = target.table
    given = temporary("keys", table.name, (*target.given, "current_id", "current_version", "last_version", "id"))
    current = table.alias("current")
    source: FromClause = given.outerjoin(
        current, and_(current.c.id == given.c.current_id, *_same_version(target, current, given))
    )
    values: dict[str, ColumnElement[Any]] = {name: given.c[name] for name in target.given if name in table.c}
    for link in target.links:
        source, values[link.id], version = _resolve(target, link, source, given.c[link.key])
        if link.version is not None:
            values[link.version] = version
    values |= _versions_of_ids(target, values)
    values |= _unsaid(target, values, given, current)
    is_retracted = given.c.op == "retract" if "op" in target.given else false()
    unresolved = [and_(given.c[link.key].is_not(None), values[link.id].is_(None)) for link in target.links]
    change = _change(target, given, current, values, is_retracted, unresolved)
    known_at = _known_at(target, given, current)
    return select(
        given.c.n,
        given.c.id,
        (func.coalesce(given.c.last_version, number(0)) + number(1)).label("version"),
        number(target.source_id).label("source_id"),
        given.c.source_key,
        _op(change, is_retracted).label("op"),
        _occurred_at(target, given, current, known_at).label("occurred_at"),
        known_at.label("known_at"),
        change.label("kind_"),
        *[_patched(item.name, values, current, given, target).label(item.name) for item in content(table)],
        *[given.c[link.key] for link in target.links],
        *([] if target.is_fact else [func.coalesce(current.c.public_id, given.c.public_id).label("public_id")]),
    ).select_from(source)


def _op(change: ColumnElement[int], is_retracted: ColumnElement[bool]) -> ColumnElement[str]:
    """What a version does; a withdrawal that arrived before what it withdraws is one too."""
    early = and_(change == number(INSERT), is_retracted)
    return case(
        (or_(change == number(RETRACT), early), "retract"), (change == number(INSERT), "assert"), else_="correct"
    )


def _same_version(target: Target, current: FromClause, given: FromClause) -> list[ColumnElement[bool]]:
    return [current.c.version == given.c.current_version] if target.is_fact else []


def _resolve(
    target: Target, link: Link, source: FromClause, key: ColumnElement[Any]
) -> tuple[FromClause, ColumnElement[Any], ColumnElement[Any]]:
    """Join what a key refers to: in the database, or among rows of this write that are not written yet."""
    if shapes()[link.target.name] == "reference":
        named = listed(link.target).alias(f"to_{link.name}")
        return source.outerjoin(named, named.c.key == key), named.c.id, null()
    found, condition = stored(link.target, target.source_id, key, f"to_{link.name}")
    source = source.outerjoin(found, condition)
    if link.target.name not in target.pending:
        return source, found.c.id, found.c.version
    names = ("source_key", "id", "current_version")
    new = temporary("keys", link.target.name, names).alias(f"new_{link.name}")
    source = source.outerjoin(new, new.c.source_key == key)
    version = case((new.c.id.is_not(None), func.coalesce(new.c.current_version, number(1))), else_=found.c.version)
    return source, func.coalesce(new.c.id, found.c.id), version


def _versions_of_ids(target: Target, values: dict[str, ColumnElement[Any]]) -> dict[str, ColumnElement[Any]]:
    """The last version of each fact that is referred to by id alone."""
    found: dict[str, ColumnElement[Any]] = {}
    for link in links(target.table.name).values():
        if link.version is not None and link.id in values and link.version not in values:
            referred = link.target.alias(f"at_{link.name}")
            last = select(func.max(referred.c.version)).where(referred.c.id == values[link.id])
            found[link.version] = last.scalar_subquery()
    return found


def _unsaid(
    target: Target, values: dict[str, ColumnElement[Any]], given: FromClause, current: FromClause
) -> dict[str, ColumnElement[Any]]:
    """Of told versions with a moment, the columns that were not given: null, for what is known of others may be later.

    Rows without a moment change what stands, as everywhere.
    """
    if not target.keeps_moments:
        return {}
    missing = [item for item in content(target.table) if item.name not in values]
    is_dated = given.c.known_at.is_not(None)
    return {item.name: case((is_dated, cast(null(), item.type)), else_=current.c[item.name]) for item in missing}


def _patched(
    name: str, values: dict[str, ColumnElement[Any]], current: FromClause, given: FromClause, target: Target
) -> ColumnElement[Any]:
    """A column's new value: as given, else as it stands; a retraction leaves everything as it stands."""
    if name not in values:
        return current.c[name]
    if "op" not in target.given:
        return values[name]
    leaves = and_(given.c.op == "retract", given.c.current_id.is_not(None))
    return case((leaves, current.c[name]), else_=values[name])


def _change(
    target: Target,
    given: FromClause,
    current: FromClause,
    values: dict[str, ColumnElement[Any]],
    is_retracted: ColumnElement[bool],
    unresolved: list[ColumnElement[bool]],
) -> ColumnElement[int]:
    versions = {link.version for link in links(target.table.name).values()}
    compared = [name for name in values if name not in (*CLOCKED, *MANAGED, *versions)]
    same = [values[name].is_not_distinct_from(current.c[name]) for name in compared]
    if "occurred_at" in values:
        same.append(or_(values["occurred_at"].is_(None), values["occurred_at"] == current.c.occurred_at))
    is_new = given.c.current_id.is_(None)
    was_retracted = current.c.op == "retract"
    is_told: ColumnElement[bool] = false()
    if "is_last" in target.given:  # what was known then cannot be said anew; only the last state counts
        is_told = and_(~cast(given.c.is_last, Boolean), _wanted_known_at(target, given) <= current.c.known_at)
    told = _told(target, given, {name: values[name] for name in compared}, is_retracted)
    return case(
        (is_new, number(INSERT)),
        *told,
        (is_told, number(0)),
        (and_(is_retracted, was_retracted), number(0)),
        (is_retracted, number(RETRACT)),
        (and_(~was_retracted, *[~item for item in unresolved], *same), number(0)),
        else_=number(CORRECT),
    )


def _told(
    target: Target,
    given: FromClause,
    values: dict[str, ColumnElement[Any]],
    is_retracted: ColumnElement[bool],
) -> list[tuple[ColumnElement[bool], ColumnElement[int]]]:
    """For versions of a fact that keep their ``known_at``: nothing new if the same was told of that moment before."""
    if not target.keeps_moments:
        return []
    before = target.table.alias("told")
    same = [before.c[name].is_not_distinct_from(value) for name, value in values.items()]
    known_at = given.c.known_at
    occurred = func.coalesce(given.c.occurred_at, known_at) if "occurred_at" in target.given else known_at
    same.append(before.c.occurred_at == occurred)
    was_retracted = before.c.op == "retract"
    repeated = select(before.c.id).where(
        before.c.id == given.c.current_id,
        before.c.known_at == given.c.known_at,
        or_(and_(was_retracted, is_retracted), and_(~was_retracted, ~is_retracted, *same)),
    )
    is_dated = given.c.known_at.is_not(None)
    return [
        (and_(is_dated, repeated.exists()), number(0)),
        (and_(is_dated, is_retracted), number(RETRACT)),
        (is_dated, number(CORRECT)),
    ]


def _wanted_known_at(target: Target, given: FromClause) -> ColumnElement[Any]:
    default = number(target.default_known)
    return func.coalesce(given.c.known_at, default) if "known_at" in target.given else default


def _known_at(target: Target, given: FromClause, current: FromClause) -> ColumnElement[Any]:
    """As given, or the call's; a version that would not be later than the one before is known now."""
    wanted = _wanted_known_at(target, given)
    next_moment = current.c.known_at + number(1)
    later = case((next_moment > number(target.now), next_moment), else_=number(target.now))
    if target.keeps_moments:
        return case((given.c.known_at.is_not(None), wanted), (wanted <= current.c.known_at, later), else_=wanted)
    return case((and_(current.c.known_at.is_not(None), wanted <= current.c.known_at), later), else_=wanted)


def _occurred_at(
    target: Target, given: FromClause, current: FromClause, known_at: ColumnElement[Any]
) -> ColumnElement[Any]:
    """As given; else a fact keeps its moment, and a state changes when that becomes known."""
    choices: list[ColumnElement[Any]] = [given.c.occurred_at] if "occurred_at" in target.given else []
    if target.keeps_moments:
        choices.append(case((given.c.known_at.is_(None), current.c.occurred_at)))
    elif target.is_fact:
        choices.append(current.c.occurred_at)
    return func.coalesce(*choices, known_at) if choices else known_at
