"""Recipes: what some references of one entity need, slot by slot, and how their columns come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.catalogue import Catalogue
from features.declare.aggregate import Aggregate
from features.declare.expression import Expression
from features.declare.log import Log
from features.declare.view import FeatureView
from features.entity import Entity
from features.errors import FeatureError
from features.history.dictionary import Dictionary
from features.kernel.program import Floats, Ints
from features.online.status import status_aggregates
from features.plan import Formula, numbers_as_text


@dataclass(frozen=True)
class Recipe:
    """References made ready.

    Attributes
    ----------
    entity : Entity
    refs : tuple of str
        Written out.
    views : tuple of FeatureView
        Those that the references name.
    slots : mapping of Aggregate to int
    inputs : mapping of str to int
        The slot of each number that comes with the question; they follow those of the aggregates.
    formulas : tuple of Formula
        Their slots follow those of the inputs.
    places : tuple of int
        The slot of each reference.
    categories : mapping of int to Aggregate
        The slots that hold codes.
    """

    entity: Entity
    refs: tuple[str, ...]
    views: tuple[FeatureView, ...]
    slots: Mapping[Aggregate, int]
    inputs: Mapping[str, int]
    formulas: tuple[Formula, ...]
    places: tuple[int, ...]
    categories: Mapping[int, Aggregate]

    @property
    def width(self) -> int:
        """How many slots there are."""
        return len(self.slots) + len(self.inputs) + len(self.formulas)

    def by_log(self) -> dict[Log, dict[Aggregate, int]]:
        """The slots of each log."""
        found: dict[Log, dict[Aggregate, int]] = {}
        for item, slot in self.slots.items():
            found.setdefault(item.log, {})[item] = slot
        return found

    @cached_property
    def _outputs(self) -> tuple[list[tuple[str, int, Log, str, bool]], bool]:
        """The references that are codes: slot, log, column, whether of texts; and whether slots are in their order."""
        codes = []
        for ref, slot in zip(self.refs, self.places, strict=True):
            aggregate = self.categories.get(slot)
            if aggregate is not None and aggregate.value is not None:
                codes.append((ref, slot, aggregate.log, aggregate.value.name, aggregate.value.kind == "text"))
        return codes, self.places == tuple(range(len(self.places)))

    def columns(self, out: Floats, dictionary: Callable[[Log], Dictionary]) -> dict[str, np.ndarray]:
        """The column of each reference: float64 (NaN null), or objects (text, None) for a category."""
        codes, is_plain = self._outputs
        # rows of an array are fastest taken all in turn
        columns = dict(zip(self.refs, out if is_plain else out[list(self.places)], strict=False))
        words: Ints = out.view(np.int64)
        for ref, slot, log, name, is_text in codes:
            columns[ref] = dictionary(log).decode(name, words[slot]) if is_text else numbers_as_text(words[slot])
        return columns


def recipe(catalogue: Catalogue, refs: Sequence[str]) -> Recipe:
    """The recipe of references, ``view:*`` written out.

    Raises
    ------
    FeatureError
        If they are of several entities or unknown.
    LeakageError
        If an attribute is known only after the outcome.
    """
    wanted = catalogue.expand(refs)
    views = list({view.name: view for view in map(catalogue.view, wanted)}.values())
    entities = list(dict.fromkeys(view.entity for view in views))
    if len(entities) != 1:
        raise FeatureError(
            f"the features asked for are of {' and '.join(item.name for item in entities) or 'no entity'}; features of "
            "one entity are expected; ask once for each"
        )
    fields = catalogue.closure(wanted)
    aggregates = [item.definition for item in fields.values() if isinstance(item.definition, Aggregate)]
    slots = {item: slot for slot, item in enumerate(dict.fromkeys([*aggregates, *status_aggregates(views)]))}
    inputs = {name: len(slots) + place for place, name in enumerate(catalogue.inputs(wanted))}
    at: dict[str, int] = {}
    formulas: list[Formula] = []
    for ref, item in fields.items():
        if isinstance(item.definition, Expression):
            view = ref.partition(":")[0]
            names = {name: at[f"{view}:{name}"] for name in item.definition.names}
            at[ref] = len(slots) + len(inputs) + len(formulas)
            formulas.append(Formula(item.definition.text, names, at[ref]))
        else:
            at[ref] = slots[item.definition] if isinstance(item.definition, Aggregate) else inputs[item.definition.name]
    return Recipe(
        entities[0],
        tuple(wanted),
        tuple(views),
        slots,
        inputs,
        tuple(formulas),
        tuple(at[ref] for ref in wanted),
        {slot: item for item, slot in slots.items() if item.is_category},
    )
