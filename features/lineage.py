"""Lineage: from the columns of the records to a feature, and what its declaration says, as plain text and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from features.catalogue import Catalogue
from features.declare.aggregate import Aggregate
from features.declare.expression import Expression
from features.declare.request import Request
from features.declare.view import FeatureView

Declarations: TypeAlias = Mapping[str, Mapping[str, Any]]
"""By view: ``version``, ``entity``, ``ttl`` (µs) and ``fields`` (name to definition)."""


WORDS = {"nunique": "different values", "lag": "last", "mode": "most frequent", "std": "deviation"}


@dataclass(frozen=True)
class Origin:
    """What a feature reads.

    Attributes
    ----------
    ref : str
        The feature, or one that its formula uses.
    table, column : str
        Where the values come from; the column is empty where rows are counted or timed.
    tests : str
        Which rows.
    operation : str
        What is made of them.
    window : str
        Over which span; empty: all that came before.
    """

    ref: str
    table: str
    column: str
    tests: str
    operation: str
    window: str

    def to_json(self) -> dict[str, str]:
        """Plain values by field."""
        return asdict(self)

    def words(self) -> str:
        """One line.

        Examples
        --------
        >>> Origin("buying:spend_30d", "order_lines", "amount", "kind in sale", "sum", "in the last 30 days").words()
        'order_lines.amount where kind in sale: sum in the last 30 days'
        """
        column = f"{self.table}.{self.column}" if self.column else self.table
        tests = f" where {self.tests}" if self.tests else ""
        made = WORDS.get(self.operation, self.operation.replace("_", " "))
        return f"{column}{tests}: {made} {self.window}".rstrip()


def origins(catalogue: Catalogue, ref: str) -> list[Origin]:
    """Everything that a feature rests on, its formula's parts included."""
    found = []
    for name, item in catalogue.closure([ref]).items():
        match item.definition:
            case Aggregate() as made:
                tests = " and ".join(
                    f"{test.column} {test.operation.replace('_', ' ')} {', '.join(map(str, test.values))}".rstrip()
                    for test in made.conditions
                )
                table = str(made.log.table.name).removesuffix("_versions")
                found.append(Origin(name, table, made.column or "", tests, made.operation, made.window.phrase))
            case Request() as asked:
                found.append(Origin(name, "the question", asked.name, "", "as given", ""))
    return found


def formula(catalogue: Catalogue, ref: str) -> str:
    """The text of a feature that is a formula; else empty."""
    definition = catalogue.field(ref).definition
    return definition.text if isinstance(definition, Expression) else ""


def declaration(view: FeatureView) -> dict[str, Any]:
    """What a view says, as it decides its version."""
    return {"version": view.version, **view.content}


@dataclass(frozen=True)
class Change:
    """One thing that two declarations of a view say differently.

    Attributes
    ----------
    ref : str
        ``view``, or ``view:feature``.
    change : {'added', 'removed', 'changed'}
    before, after : str
        What they say; empty where it was, or is, not there.
    """

    ref: str
    change: str
    before: str
    after: str

    def to_json(self) -> dict[str, str]:
        """Plain values by field."""
        return asdict(self)


def differences(before: Declarations, after: Declarations) -> list[Change]:
    """What changed between two states of some views' declarations, view by view.

    Examples
    --------
    >>> one = {"buying": {"version": "a", "entity": "customer", "ttl": [], "fields": {"spend": "sum", "old": "count"}}}
    >>> two = {"buying": {"version": "b", "entity": "customer", "ttl": [], "fields": {"spend": "mean", "new": "count"}}}
    >>> [(item.ref, item.change) for item in differences(one, two)]
    [('buying:new', 'added'), ('buying:old', 'removed'), ('buying:spend', 'changed')]
    """
    found = []
    for view in sorted({*before, *after}):
        old, new = before.get(view), after.get(view)
        if old is None or new is None:
            found.append(Change(view, "added" if old is None else "removed", _told(old), _told(new)))
            continue
        found += [
            Change(f"{view}, {name}", "changed", str(old[name]), str(new[name]))
            for name in ("entity", "ttl")
            if old[name] != new[name]
        ]
        for name in sorted({*old["fields"], *new["fields"]}):
            was, is_ = str(old["fields"].get(name, "")), str(new["fields"].get(name, ""))
            if was != is_:
                found.append(Change(f"{view}:{name}", _kind(was, is_), was, is_))
    return found


def _told(view: Mapping[str, Any] | None) -> str:
    return "" if view is None else f"{len(view['fields'])} features, version {view['version'][:12]}"


def _kind(was: str, is_: str) -> str:
    return "changed" if was and is_ else "removed" if was else "added"
