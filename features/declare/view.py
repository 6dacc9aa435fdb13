"""Feature views: a named family of features of one entity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from features.declare.aggregate import EMPTY_IS_ZERO, Aggregate
from features.declare.expression import Expression
from features.declare.log import Log
from features.declare.measure import Column, Measure
from features.declare.request import Request
from features.entity import Entity, declared
from features.errors import DeclarationError
from features.leakage import guard
from features.protected import is_protected
from features.windows import FOREVER, Window, days, windows_of

Definition: TypeAlias = Measure | Column | Expression | Request


@dataclass(frozen=True)
class Field:
    """One feature of a view: how it is made, and what is known about it beforehand."""

    name: str
    definition: Aggregate | Expression | Request
    title: str
    unit: str
    is_category: bool
    protected: bool

    @property
    def null(self) -> str:
        """What it is where there is nothing to go by."""
        if isinstance(self.definition, Aggregate) and self.definition.operation in EMPTY_IS_ZERO:
            return "0 without rows"
        return "null where null is given" if isinstance(self.definition, Request) else "null without rows"


@dataclass(frozen=True)
class Attributes:
    """Every custom attribute of an entity, as its sources have declared them."""

    log: Log


@dataclass(frozen=True)
class FeatureView:
    """Features of one entity that belong together; its name is that of its file.

    Parameters
    ----------
    entity : Entity
    dynamic : Attributes, optional
        Adds a feature for every custom attribute.
    ttl : tuple of one Window, optional
        Age beyond which the newest row no longer speaks for the entity; online answers then say ``EXPIRED``.
    **features : Measure, Column, Expression or Request
        One feature for each window of a measure; a column of `states` means the value in force.
    """

    entity: Entity
    fields: Mapping[str, Field]
    name: str = ""
    dynamic: Attributes | None = None
    ttl: tuple[Window, ...] = ()
    refused: frozenset[str] = field(default_factory=frozenset)

    def __init__(
        self,
        *,
        entity: Entity,
        dynamic: Attributes | None = None,
        ttl: tuple[Window, ...] = (),
        **features: Definition,
    ) -> None:
        _check_terms(declared(entity), dynamic, ttl)
        fields = [item for name, feature in features.items() for item in _fields(name, feature, entity, ttl)]
        _set(self, entity=entity, fields=_unique(fields), name="", dynamic=dynamic, ttl=ttl, refused=frozenset())
        _check_expressions(self.fields)

    def named(self, name: str) -> FeatureView:
        """The same view under the name of its file."""
        return _changed(self, name=name)

    def with_fields(self, fields: list[Field], refused: frozenset[str]) -> FeatureView:
        """The same view with the fields of its dynamic part."""
        return _changed(self, fields=_unique([*self.fields.values(), *fields]), refused=refused)

    def without(self, *names: str) -> FeatureView:
        """The same view without some fields, and without its dynamic part."""
        return _changed(self, fields={k: v for k, v in self.fields.items() if k not in names}, dynamic=None)

    @property
    def logs(self) -> tuple[Log, ...]:
        """The logs that it reads."""
        found = [item.definition.log for item in self.fields.values() if isinstance(item.definition, Aggregate)]
        return tuple(dict.fromkeys(found if self.dynamic is None else [*found, self.dynamic.log]))

    @property
    def content(self) -> dict[str, Any]:
        """Its declaration as plain JSON: ``entity``, ``ttl`` (µs), and the definition of each of its ``fields``."""
        fields = {name: repr(item.definition) for name, item in sorted(self.fields.items())}
        return {"entity": self.entity.name, "ttl": [window.width for window in self.ttl], "fields": fields}

    @property
    def version(self) -> str:
        """Hash of the content of its declaration: equal text, equal features."""
        text = json.dumps(list(self.content.values()))
        return hashlib.sha256(text.encode()).hexdigest()


def _check_terms(entity: Entity, dynamic: object, ttl: object) -> None:
    if dynamic is not None and not isinstance(dynamic, Attributes):
        raise DeclarationError(
            f"the dynamic part of a view is {dynamic!r}; custom attributes are expected; write "
            f"dynamic=attributes(AttributeValue, entity={entity.name})"
        )
    if len(windows_of(ttl or days(1))) != 1:
        raise DeclarationError(f"the ttl of a view is {ttl!r}; one span is expected; write ttl=days(30)")


def _set(view: FeatureView, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(view, name, value)


def _changed(view: FeatureView, **changes: Any) -> FeatureView:
    copy = object.__new__(FeatureView)
    _set(copy, **(view.__dict__ | changes))
    return copy


def _unique(fields: list[Field]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for item in fields:
        if item.name in found:
            raise DeclarationError(f"two features are called {item.name!r}; each needs a name of its own; rename one")
        found[item.name] = item
    return found


def _fields(name: str, feature: Definition, entity: Entity, ttl: tuple[Window, ...]) -> list[Field]:
    if isinstance(feature, Expression | Request):
        title = feature.title or name.replace("_", " ")
        is_told = isinstance(feature, Request) and is_protected(feature.name)
        return [Field(name, feature, title, feature.unit, is_category=False, protected=is_told)]
    measure = feature.latest() if isinstance(feature, Column) else feature
    if not isinstance(measure, Measure):
        raise DeclarationError(
            f"the feature {name!r} is a {type(feature).__name__}; a measure such as lines.amount.sum(days(30)), a "
            "column of states, an expression or a request is expected; correct it"
        )
    return [field_of(name, _alive(item, ttl), measure.title, entity) for item in measure.aggregates]


def _alive(item: Aggregate, ttl: tuple[Window, ...]) -> Aggregate:
    """A latest value is alive while it is not older than the view's ttl: the same as a window of that width."""
    if not ttl or item.operation not in ("latest", "lag", "age") or item.window.width != FOREVER:
        return item
    return item.over(Window(ttl[0].width, ""))


def field_of(name: str, aggregate: Aggregate, title: str, entity: Entity) -> Field:
    """The feature of one aggregate, its name ending in the window's suffix."""
    if aggregate.log.entity != entity:
        raise DeclarationError(
            f"the feature {name!r} is about a {aggregate.log.entity.name}, its view about a {entity.name}; one entity "
            "per view is expected; move it"
        )
    guard(aggregate)
    suffix, phrase = aggregate.window.suffix, aggregate.window.phrase
    column = aggregate.value
    return Field(
        name=f"{name}_{suffix}" if suffix else name,
        definition=aggregate,
        title=f"{title or name.replace('_', ' ')} {phrase}".strip(),
        unit=aggregate.unit,
        is_category=aggregate.is_category,
        protected=is_protected(name) or (column is not None and is_protected(column.name, column.data_class)),
    )


def _check_expressions(fields: Mapping[str, Field]) -> None:
    earlier: set[str] = set()
    for item in fields.values():
        if isinstance(item.definition, Expression):
            for name in item.definition.names:
                if name not in earlier or fields[name].is_category:
                    raise DeclarationError(
                        f"the expression of {item.name!r} uses {name!r}; a number of the same view, declared before "
                        f"it, is expected, one of {', '.join(sorted(earlier))}; correct the name"
                    )
        earlier.add(item.name)
