"""The guard against features that know the outcome: refused where they are declared and where they are asked for."""

from __future__ import annotations

from typing import NoReturn

from features.declare.aggregate import Aggregate
from features.errors import LeakageError

OUTCOMES = {
    "leads": {
        "status",
        "converted_at",
        "converted_customer_id",
        "converted_opportunity_id",
        "unqualified_reason_id",
        "recycle_until_on",
    },
    "opportunities": {"outcome", "closed_at", "close_reason_id", "stage_id", "probability", "forecast_category"},
    "subscriptions": {"status", "ended_at", "cancel_reason"},
}


def refuse_attribute(entity: str, code: str) -> NoReturn:
    """Say why a custom attribute cannot be a feature."""
    raise LeakageError(
        f"the {entity} attribute {code!r} is declared as known only after the outcome; a feature knows only what came "
        "before it; leave it out, or, if it was known in time, correct 'known' in the source's mapping and import again"
    )


def guard(aggregate: Aggregate) -> Aggregate:
    """`aggregate` itself, unless it reads a label or a column that is filled in by the outcome.

    Raises
    ------
    LeakageError
        Naming the column and the remedy.
    """
    table = str(aggregate.log.table.name).removesuffix("_versions")
    if table == "labels":
        raise LeakageError(
            "labels.value is the outcome itself; a feature knows only what came before it; use it as a label, not in "
            "a view"
        )
    outcomes = OUTCOMES.get(table, set())
    used = {aggregate.column, *(item.column for item in aggregate.conditions)} & outcomes
    if used and aggregate.log.at not in outcomes:
        raise LeakageError(
            f"{table}.{min(str(name) for name in used)} is filled in by the outcome; a feature knows only what came "
            "before it; use the events of the same thing, whose clocks tell when each was known, or leave it out"
        )
    return aggregate
