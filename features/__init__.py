"""Numbers about an entity as of a moment, the same offline and online.

In: records, and views that declare features once (`features/views`). Out: training sets without leakage, and the
same values at the moment of a question. May import `crm` and `configs`; imported by every layer above.

Names are brought when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.as_of import AsOf
    from features.catalogue import Feature
    from features.declare.aggregate import Aggregate, Condition
    from features.declare.attributes import attributes
    from features.declare.expression import Expression, expression, ratio
    from features.declare.measure import Measure, Source, events, states
    from features.declare.request import Request, request
    from features.declare.view import FeatureView
    from features.entity import ENTITIES, Entity, customer, customer_product, lead, opportunity, product
    from features.errors import (
        DeclarationError,
        FeatureError,
        HistoryError,
        InputError,
        LeakageError,
        MergedError,
        OnlineStoreError,
        SpineError,
        TrainingSetError,
    )
    from features.inline import InlineRecords, check, open_inline
    from features.labels import ImportedLabel, imported
    from features.online.answer import OnlineAnswer
    from features.opening import open  # noqa: A004 - `features.open(settings, records)`, as each package is opened
    from features.push import PushReport
    from features.store import FeatureStore
    from features.training_set import TrainingSet
    from features.windows import Window, days, hours, lifetime

_HOMES = {
    "features.as_of": ("AsOf",),
    "features.catalogue": ("Feature",),
    "features.declare.aggregate": ("Aggregate", "Condition"),
    "features.declare.attributes": ("attributes",),
    "features.declare.expression": ("Expression", "expression", "ratio"),
    "features.declare.measure": ("Measure", "Source", "events", "states"),
    "features.declare.request": ("Request", "request"),
    "features.declare.view": ("FeatureView",),
    "features.entity": ("ENTITIES", "Entity", "customer", "customer_product", "lead", "opportunity", "product"),
    "features.errors": (
        "DeclarationError",
        "FeatureError",
        "HistoryError",
        "InputError",
        "LeakageError",
        "MergedError",
        "OnlineStoreError",
        "SpineError",
        "TrainingSetError",
    ),
    "features.inline": ("InlineRecords", "check", "open_inline"),
    "features.labels": ("ImportedLabel", "imported"),
    "features.online.answer": ("OnlineAnswer",),
    "features.opening": ("open",),
    "features.push": ("PushReport",),
    "features.store": ("FeatureStore",),
    "features.training_set": ("TrainingSet",),
    "features.windows": ("Window", "days", "hours", "lifetime"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ENTITIES",
    "Aggregate",
    "AsOf",
    "Condition",
    "DeclarationError",
    "Entity",
    "Expression",
    "Feature",
    "FeatureError",
    "FeatureStore",
    "FeatureView",
    "HistoryError",
    "ImportedLabel",
    "InlineRecords",
    "InputError",
    "LeakageError",
    "Measure",
    "MergedError",
    "OnlineAnswer",
    "OnlineStoreError",
    "PushReport",
    "Request",
    "Source",
    "SpineError",
    "TrainingSet",
    "TrainingSetError",
    "Window",
    "attributes",
    "check",
    "customer",
    "customer_product",
    "days",
    "events",
    "expression",
    "hours",
    "imported",
    "lead",
    "lifetime",
    "open",
    "open_inline",
    "opportunity",
    "product",
    "ratio",
    "request",
    "states",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'features' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
