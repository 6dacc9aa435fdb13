"""Two recipes of recommendation beside each other: both taught anew before one moment, then met with what was bought.

The arrays of two versions may have been learned from the very purchases that are to be foretold, so it is their recipes
that are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crm.clock import short
from scoring import Metric
from scoring.ranker import Recipe
from training.errors import TrainingError
from training.purchases import purchases_of
from training.recommender_backtest import Met, amounts_of, measured, met
from training.recommending import HORIZON_DAYS, REFS, Past
from training.spec import Context


@dataclass(frozen=True)
class ListContest:
    """Two recipes on the same customers.

    Attributes
    ----------
    as_of : int
        Moment up to which purchases were used (µs).
    at : int
        Moment before which both were taught; what was bought from it to `as_of` judges them.
    customers : int
        Who had bought before and bought again within the horizon.
    recipes : sequence of str
        In words.
    first, second, difference : mapping of str to Metric
        Each of `recommender_backtest.FIGURES`, and the first minus the second; 95 % intervals by drawing customers
        anew, the same draws for all three.
    """

    as_of: int
    at: int
    customers: int
    recipes: Sequence[str]
    first: Mapping[str, Metric]
    second: Mapping[str, Metric]
    difference: Mapping[str, Metric]

    @property
    def note(self) -> str:
        """How the customers were held back, in a sentence."""
        return (
            f"both taught anew on what was known before {short(self.at)}, then judged on what {self.customers:,} "
            f"customers bought from then to {short(self.as_of)}, every known item ranked"
        )


def contest(context: Context, name: str, recipes: tuple[Recipe, Recipe]) -> ListContest:
    """Teach two recipes before the last horizon of the history and judge them on it.

    Parameters
    ----------
    context : Context
    name : str
        The model.
    recipes : pair of Recipe

    Raises
    ------
    TrainingError
        If the history is too short, or too few customers bought before and after the moment.
    """
    every = purchases_of(context.store)
    as_of = context.as_of if context.as_of is not None else context.store.default_as_of(REFS).micros
    if not len(every.seen_at(as_of)):
        raise TrainingError.nothing_to_compare(name, HORIZON_DAYS, "its records hold no purchase")
    past = Past(every, as_of, context.seed)
    if past.is_short:
        raise TrainingError.nothing_to_compare(name, HORIZON_DAYS, past.is_short.partition(";")[0])
    part = past.slices[0]
    amounts = amounts_of(every, part, as_of)
    sides = []
    for recipe in recipes:
        context.progress(f"judging {recipe.words}")
        sides.append(met(past.judged(recipe), amounts))
    found = measured(Met(part.customers, *sides), context.seed)
    return ListContest(as_of, part.at, len(part.customers), [recipe.words for recipe in recipes], *found)
