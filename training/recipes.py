"""Which recipe of recommendation is the best on a slice: how to explore first, then what to do with repeats."""

from __future__ import annotations

from dataclasses import replace

from scoring.ranker import Recipe, Repeat
from training.refining import refine
from training.trials import Slice, judge

BEST_SELLERS, PERSONAL = "best sellers", "personal frequency, then popular now"  # the naive rules
MANY_ITEMS = 1_500  # from here on one regularisation is tried, as each costs an inversion
REGULARISATIONS = (50.0, 200.0, 800.0)
USUAL = 200.0
PULL = 30.0  # regularisation of iALS
RECENT_WEIGHT, HALF_LIFE_DAYS = 0.1, 180.0
REPEATS: tuple[Repeat, ...] = ("first", "mixed", "never")


def choose(part: Slice) -> tuple[Recipe, dict[str, dict[str, float]]]:
    """The recipe that does best on a slice.

    What explores best is decided on items that are new to the customer, what to do with repeats on all items. Among few
    items the settings of what explores best are tried too.

    Returns
    -------
    recipe : Recipe
    tried : dict of str to dict of str to float
        Means of every recipe that was tried, by its words.
    """
    tried: dict[str, dict[str, float]] = {}

    def mark(recipe: Recipe) -> dict[str, float]:
        means = judge(part, recipe).means()
        tried[_label(recipe)] = means
        return means

    ways = _ways(len(part.basket.items))
    best = max(ways, key=lambda way: mark(way)["ndcg_10_new"])
    if len(part.basket.items) < MANY_ITEMS:
        best = refine(best, lambda way: mark(way)["ndcg_10_new"])
    if best.explore not in ("popularity", "recent"):
        variants = [
            replace(best, recent_weight=weight, half_life_days=half_life)
            for weight in (0.0, RECENT_WEIGHT)
            for half_life in (None, HALF_LIFE_DAYS)
        ]
        best = max(variants, key=lambda way: mark(way)["ndcg_10_new"])
    return max([replace(best, repeat=repeat) for repeat in REPEATS], key=lambda way: mark(way)["ndcg_10"]), tried


def sources(chosen: Recipe) -> dict[str, Recipe]:
    """The single sources that are always shown beside a recipe, by name.

    Examples
    --------
    >>> list(sources(Recipe("ease", "first", regularisation=50.0)))[2:]
    ['personal frequency, then popular now', 'bought in one order', 'item-kNN', 'EASE', 'iALS']
    """
    regularisation = (chosen.regularisation if chosen.explore == "ease" else None) or USUAL
    return {
        BEST_SELLERS: Recipe("popularity", "mixed"),
        "popular now": Recipe("recent", "mixed"),
        PERSONAL: Recipe("recent", "first"),
        "bought in one order": Recipe("orders", "mixed"),
        "item-kNN": Recipe("knn", "mixed"),
        "EASE": Recipe("ease", "mixed", regularisation=regularisation),
        "iALS": Recipe("ials", "mixed", regularisation=PULL),
    }


def _ways(items: int) -> list[Recipe]:
    strengths = REGULARISATIONS if items < MANY_ITEMS else (USUAL,)
    return [
        Recipe("popularity", "mixed"),
        Recipe("recent", "mixed"),
        Recipe("orders", "mixed"),
        Recipe("knn", "mixed"),
        *(Recipe("ease", "mixed", regularisation=strength) for strength in strengths),
        Recipe("ials", "mixed", regularisation=PULL),
    ]


def _label(recipe: Recipe) -> str:
    parts = [recipe.words]
    if recipe.regularisation is not None:
        parts.append(f"λ {recipe.regularisation:g}")
    if recipe.half_life_days is not None:
        parts.append(f"half-life {recipe.half_life_days:g} days")
    for name in ("neighbours", "dimensions", "rounds"):
        parts += [f"{getattr(recipe, name)} {name}"] if getattr(recipe, name) else []
    if recipe.confidence is not None:
        parts.append(f"confidence {recipe.confidence:g}")
    return ", ".join(parts)
