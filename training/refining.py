"""Finding a source's settings: one after the other, each time keeping the value that does best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from scoring.ranker import Recipe

STEPS: Mapping[str, tuple[tuple[str, tuple[Any, ...]], ...]] = MappingProxyType(
    {
        "ease": (("regularisation", (50.0, 100.0, 200.0, 400.0, 800.0)), ("neighbours", (100, 300, 1_000))),
        "ials": (
            ("confidence", (1.0, 2.0, 5.0, 10.0)),
            ("regularisation", (3.0, 10.0, 30.0, 100.0)),
            ("dimensions", (16, 32, 48, 64)),
            ("rounds", (4, 8, 15)),
        ),
    }
)
"""Settings of each source that has any, in the order in which they are tried, with their values."""


def refine(recipe: Recipe, mark: Callable[[Recipe], float]) -> Recipe:
    """The recipe with the settings that do best; unchanged where its source has none.

    Parameters
    ----------
    recipe : Recipe
        Where to begin.
    mark : callable
        How good a recipe is on what may be tried; each is asked for once.

    Examples
    --------
    >>> def mark(recipe: Recipe) -> float:
    ...     return -abs((recipe.regularisation or 0) - 110) + (recipe.neighbours or 0)
    >>> found = refine(Recipe("ease", "never", regularisation=200.0), mark)
    >>> found.regularisation, found.neighbours
    (100.0, 1000)
    """
    known: dict[Recipe, float] = {}

    def once(asked: Recipe) -> float:
        if asked not in known:
            known[asked] = mark(asked)
        return known[asked]

    for name, values in STEPS.get(recipe.explore, ()):
        recipe = max((replace(recipe, **{name: value}) for value in values), key=once)
    return recipe
