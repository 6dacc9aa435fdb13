"""One training of a recommender, from the feature store's log to a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from crm.clock import DAY
from scoring import Candidate, Evidence, Model, RecommendationModel
from scoring.ranker import History, Ranker, Recipe
from scoring.reranking import Reranker, Stages
from training import recommender_writing, reranking
from training.errors import TrainingError
from training.purchases import Purchases, purchases_of
from training.recipes import choose, sources
from training.recommender_grading import is_better, rival
from training.recommender_months import Month, months
from training.recommenders import gather
from training.reranking import Examples, Trees
from training.spec import Context
from training.trials import Marks, Slice, bonds, cut, histories, judge

HORIZON_DAYS = 30
JUDGED = 2  # slices without which nothing can be tried and judged
FIRST_STAGE = "without the second stage"
FEWEST = 20  # customers of a slice, below which nothing can be judged
MOST = 2_000  # customers on whom recipes are tried
MOST_JUDGED = 20_000
PROBED = 500  # customers on whom the artefact is checked
REFS = ("buying:orders",)  # from the same records as the histories


@dataclass(frozen=True, kw_only=True)
class Recommender:
    """A recommendation model as its file declares it.

    Attributes
    ----------
    name, title : str
    rests_on : tuple of str
        Tables of which one at least must hold rows for there to be anything to learn; none: whatever there is.
    """

    name: str
    title: str
    rests_on: tuple[str, ...] = ("order_lines",)
    kind: str = "recommendation"
    entity: str = "customer"

    def fit(self, context: Context) -> Candidate:
        """Try recipes on an earlier slice, judge the best on the last, teach it all the history.

        Raises
        ------
        TrainingError
            If there are no purchases of known customers and products, or all happened at one moment; if a random
            split was asked for.
        """
        context.check_split(self.name)
        lesson = learn(self, context)
        context.progress("writing the artefact")
        return recommender_writing.candidate(self, context, lesson, REFS)

    def evidence(self, context: Context, model: Model, candidate: Candidate) -> Evidence | None:
        """How another version's recipe does on the candidate's rows, taught what was known before them.

        Its arrays may have been learned from the very purchases that are to be foretold, so it is the recipe that is
        compared, not the arrays.
        """
        own = candidate.evidence
        if own is None or not isinstance(model, RecommendationModel):
            return None
        past = Past(purchases_of(context.store), candidate.as_of, context.seed)
        return replace(own, score=past.judged(model.recipe).ndcg)


@dataclass(frozen=True)
class Past:
    """Moments one horizon apart before `as_of`, each with what was known then and what was bought until the next.

    The last is judged; on the one before, recipes are tried; the second stage learns from those before either.

    Attributes
    ----------
    every : Purchases
    as_of : int
    seed : int
    """

    every: Purchases
    as_of: int
    seed: int
    _examples: dict[int, Examples] = field(default_factory=dict, repr=False)

    @cached_property
    def slices(self) -> list[Slice]:
        """The latest first, as far back as there is a horizon of purchases before and enough customers bought after."""
        found: list[Slice] = []
        begin = int(self.every.seen_at(self.as_of).occurred_at.min())
        for number in range(2 + reranking.LESSONS):
            at = self.as_of - (number + 1) * HORIZON_DAYS * DAY
            if begin >= at - HORIZON_DAYS * DAY:
                break
            most = MOST if number else MOST_JUDGED
            part = cut(
                self.every, at, horizon_days=HORIZON_DAYS, as_of=at + HORIZON_DAYS * DAY, most=most, seed=self.seed
            )
            if len(part.customers) < FEWEST:
                break
            found.append(part)
        return found

    @cached_property
    def is_short(self) -> str:
        """Why nothing can be judged; empty when it can."""
        if len(self.slices) >= JUDGED:
            return ""
        begin = int(self.every.seen_at(self.as_of).occurred_at.min())
        if begin >= self.as_of - (JUDGED + 1) * HORIZON_DAYS * DAY:
            return f"less than {3 * HORIZON_DAYS} days of purchases, so nothing can be judged; best sellers answer"
        return f"fewer than {FEWEST} customers bought again within {HORIZON_DAYS} days; best sellers answer"

    def choose(self) -> tuple[Recipe, dict[str, dict[str, float]]]:
        """The best recipe on the slice before the judged one, and the means of all that were tried there."""
        part = self.slices[1]
        recipe, tried = choose(part)
        trees = self.trees(2)
        if trees:
            lifted = reranking.judge(part, recipe, trees)
            again = replace(recipe, rerank=True)
            tried[again.words] = lifted.means()
            if is_better(lifted, judge(part, recipe), part.customers, seed=self.seed):
                return again, tried
        return recipe, tried

    def judged(self, recipe: Recipe, place: int = 0) -> Marks:
        """How good a recipe is on a slice, by default the last, taught on what was known before it."""
        part = self.slices[place]
        trees = self.trees(place + 1) if recipe.rerank else None
        first_stage = replace(recipe, rerank=False)
        return reranking.judge(part, first_stage, trees) if trees else judge(part, first_stage)

    def trees(self, first: int) -> Trees | None:
        """The second stage as taught on `reranking.LESSONS` slices from the `first` on."""
        places = range(first, min(first + reranking.LESSONS, len(self.slices)))
        for place in places:
            if place not in self._examples:
                self._examples[place] = reranking.examples(self.slices[place])
        return reranking.teach([self._examples[place] for place in places], seed=self.seed)


@dataclass(frozen=True)
class Lesson:
    """What one training learned, before it is written down.

    Attributes
    ----------
    stages : Stages
        Taught all the history.
    as_of : int
    purchases : int
        That it was taught.
    tried : mapping of str to mapping of str to float
        Means of every source and of the chosen recipe by name, on the earlier slice.
    last : Slice or None
        The slice that was judged, None when there is too little history.
    marks : mapping of str to Marks
        On the last slice: ``chosen`` and the sources.
    months : sequence of Month
        The chosen recipe on the last slices, oldest first; none when there is too little history.
    trees : Trees or None
        Of the second stage, where there is one.
    probe : sequence of History
        Of some customers as of now, on which the written artefact is compared with the arrays.
    reason : str
        Why this recipe.
    data : str
        sha256 of what was learned from.
    """

    stages: Stages
    as_of: int
    purchases: int
    tried: Mapping[str, Mapping[str, float]]
    last: Slice | None
    marks: Mapping[str, Marks]
    months: Sequence[Month]
    trees: Trees | None
    probe: Sequence[History]
    reason: str
    data: str

    @property
    def rung(self) -> str:
        """``rule`` when best sellers answer, ``lightgbm`` with a second stage, else the recipe's source."""
        return "rule" if self.last is None else "lightgbm" if self.trees else self.stages.recipe.explore


def learn(spec: Recommender, context: Context) -> Lesson:
    """Everything but writing."""
    context.progress("reading purchases")
    every = purchases_of(context.store)
    as_of = context.as_of if context.as_of is not None else context.store.default_as_of(REFS).micros
    now = every.seen_at(as_of)
    if not len(now):
        raise TrainingError.no_records(spec.name, "at least one order line of a known customer and product")
    past = Past(every, as_of, context.seed)
    recipe, last = Recipe("popularity", "mixed"), None
    tried: dict[str, dict[str, float]] = {}
    marks: dict[str, Marks] = {}
    found: list[Month] = []
    reason = past.is_short
    if not reason:
        context.progress("trying recipes")
        recipe, tried = past.choose()
        context.progress("judging on purchases that nothing has seen")
        last, reason = past.slices[0], f"the best recipe on the slice before ({recipe.words})"
        first_stage = replace(recipe, rerank=False)
        beside = sources(recipe) | ({FIRST_STAGE: first_stage} if recipe.rerank else {})
        marks = {"chosen": past.judged(recipe), **{name: judge(last, item) for name, item in beside.items()}}
        found = months(past, recipe, rival(marks), marks["chosen"])
    context.progress("teaching all the history")
    trees = past.trees(0) if recipe.rerank else None
    basket = gather(now, as_of, recent_days=HORIZON_DAYS)
    first_stage = replace(recipe, rerank=False)
    stages = Stages(
        Ranker(basket.items, bonds(basket, first_stage), first_stage),
        Reranker(reranking.of_basket(basket), trees.core) if trees else None,
    )
    probe = histories(now, basket, as_of, PROBED)
    return Lesson(stages, as_of, len(now), tried, last, marks, found, trees, probe, reason, now.sha256())
