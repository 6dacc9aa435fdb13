"""Labels: outcomes over ``[as_of, as_of + horizon)`` with all that is known by now, and outcomes that sources state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.declare.aggregate import Aggregate, Condition
from features.declare.log import Log
from features.entity import Entity, declared
from features.errors import SpineError
from features.kernel.codes import FOREVER
from features.offline import Moments
from features.windows import Window, lifetime


@dataclass(frozen=True)
class ImportedLabel:
    """An outcome that a source states about a subject: ``churn``, ``converted``.

    Attributes
    ----------
    name : str
    log : Log
    """

    name: str
    log: Log

    @property
    def aggregate(self) -> Aggregate:
        """Its value in force, whenever it was stated."""
        return Aggregate(self.log, "latest", "value", lifetime[0], (Condition("name", "in", (self.name,)),))


def imported(mapped: Any, name: str, entity: Entity) -> ImportedLabel:
    """The label `name` in the table of labels.

    Parameters
    ----------
    mapped : mapped class of `crm.schema`
        The table of labels.
    name : str
    entity : Entity
    """
    return ImportedLabel(name, Log(mapped.__table__, declared(entity), entity.key, rule="state", part="name"))


def over(aggregate: Aggregate, horizon: tuple[Window, ...]) -> Aggregate:
    """`aggregate` over the horizon, to be asked at its end.

    Raises
    ------
    SpineError
        If the horizon is not one bounded span.
    """
    if len(horizon) != 1 or horizon[0].width == FOREVER:
        raise SpineError(f"the horizon is {horizon!r}; one bounded span is expected; write days(90)")
    return aggregate.over(horizon[0])


def ends(moments: Moments, horizon: tuple[Window, ...] | None) -> Moments:
    """The ends of the label windows, knowing all that has arrived; without horizon, the end of time."""
    knowing = np.full(len(moments), FOREVER, np.int64)
    if horizon is None:
        return Moments(moments.entities, knowing, knowing)
    return Moments(moments.entities, moments.moments + horizon[0].width, knowing)
