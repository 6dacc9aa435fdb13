"""Custom attributes as features: one for each attribute that the sources have declared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from features.declare.aggregate import Aggregate, Condition, check
from features.declare.log import Log
from features.declare.view import Attributes, FeatureView, Field, field_of
from features.entity import Entity, declared
from features.protected import is_protected
from features.windows import lifetime

if TYPE_CHECKING:
    from crm import AttributeInfo

COLUMNS = {
    "int": "value_int",
    "decimal": "value_decimal",
    "text": "value_text",
    "picklist": "value_text",
    "bool": "value_bool",
    "date": "value_on",
}


def attributes(mapped: Any, *, entity: Entity) -> Attributes:
    """Every custom attribute of an entity; what is known only after the outcome is left out.

    Parameters
    ----------
    mapped : mapped class of `crm.schema`
        The table of attribute values.
    entity : Entity
    """
    return Attributes(Log(mapped.__table__, declared(entity), entity.key, rule="state", part="definition_id"))


def resolve(view: FeatureView, known: Iterable[AttributeInfo]) -> FeatureView:
    """A view with a feature for each attribute of its dynamic part.

    Parameters
    ----------
    view : FeatureView
    known : iterable of AttributeInfo
        The attributes of its entity.
    """
    if view.dynamic is None:
        return view
    fields, refused = [], set()
    for item in known:
        if item.known == "after_outcome":
            refused.add(item.code)
        else:
            fields.append(_field(item, view.dynamic.log, view.entity))
    return view.with_fields(fields, frozenset(refused))


def _field(item: AttributeInfo, log: Log, entity: Entity) -> Field:
    aggregate = check(
        Aggregate(
            log,
            "age" if item.type == "date" else "latest",
            COLUMNS[item.type],
            lifetime[0],
            (Condition("definition_id", "in", (item.id,)),),
        )
    )
    plain = field_of(item.code, aggregate, item.title or "", entity)
    return Field(
        name=item.code,
        definition=aggregate,
        title=plain.title,
        unit="days" if item.type == "date" else (item.unit or ""),
        is_category=aggregate.is_category,
        protected=is_protected(item.code, item.data_class),
    )
