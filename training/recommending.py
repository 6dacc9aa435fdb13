"""One training of a recommender, from the feature store's log to a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crm.clock import DAY
from scoring import Candidate, Evidence, Model, RecommendationModel
from scoring.ranker import History, Ranker, Recipe
from training import recommender_writing
from training.errors import TrainingError
from training.purchases import purchases_of
from training.recipes import choose, sources
from training.recommenders import gather
from training.spec import Context
from training.trials import Marks, Slice, bonds, cut, histories, judge

HORIZON_DAYS = 30
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
    """

    name: str
    title: str
    kind: str = "recommendation"
    entity: str = "customer"

    def fit(self, context: Context) -> Candidate:
        """Try recipes on an earlier slice, judge the best on the last, teach it all the history.

        Raises
        ------
        TrainingError
            If there are no purchases of known customers and products, or all happened at one moment.
        """
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
        part = cut(
            purchases_of(context.store),
            candidate.as_of - HORIZON_DAYS * DAY,
            horizon_days=HORIZON_DAYS,
            as_of=candidate.as_of,
            most=MOST_JUDGED,
            seed=context.seed,
        )
        return replace(own, score=judge(part, model.ranker.recipe).ndcg)


@dataclass(frozen=True)
class Lesson:
    """What one training learned, before it is written down.

    Attributes
    ----------
    ranker : Ranker
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
    probe : sequence of History
        Of some customers as of now, on which the written artefact is compared with the arrays.
    reason : str
        Why this recipe.
    data : str
        sha256 of what was learned from.
    """

    ranker: Ranker
    as_of: int
    purchases: int
    tried: Mapping[str, Mapping[str, float]]
    last: Slice | None
    marks: Mapping[str, Marks]
    probe: Sequence[History]
    reason: str
    data: str

    @property
    def rung(self) -> str:
        """``rule`` when best sellers answer, else the recipe's source."""
        return "rule" if self.last is None else self.ranker.recipe.explore


def learn(spec: Recommender, context: Context) -> Lesson:
    """Everything but writing."""
    context.progress("reading purchases")
    every = purchases_of(context.store)
    as_of = context.as_of if context.as_of is not None else context.store.default_as_of(REFS).micros
    now = every.seen_at(as_of)
    if not len(now):
        raise TrainingError.no_records(spec.name, "at least one order line of a known customer and product")
    first = int(now.occurred_at.min())
    test = as_of - HORIZON_DAYS * DAY
    earlier = test - HORIZON_DAYS * DAY
    common = {"horizon_days": HORIZON_DAYS, "seed": context.seed}
    recipe, last = Recipe("popularity", "mixed"), None
    tried: dict[str, dict[str, float]] = {}
    marks: dict[str, Marks] = {}
    reason = f"less than {3 * HORIZON_DAYS} days of purchases, so nothing can be judged; best sellers answer"
    if first < earlier - HORIZON_DAYS * DAY:
        slice_ = cut(every, earlier, as_of=test, most=MOST, **common)
        judged = cut(every, test, as_of=as_of, most=MOST_JUDGED, **common)
        if min(len(slice_.customers), len(judged.customers)) >= FEWEST:
            context.progress("trying recipes")
            recipe, tried = choose(slice_)
            context.progress("judging on purchases that nothing has seen")
            last, reason = judged, f"the best recipe on the slice before ({recipe.words})"
            marks = {name: judge(judged, item) for name, item in {"chosen": recipe, **sources(recipe)}.items()}
        else:
            reason = f"fewer than {FEWEST} customers bought again within {HORIZON_DAYS} days; best sellers answer"
    context.progress("teaching all the history")
    basket = gather(now, as_of, recent_days=HORIZON_DAYS)
    ranker = Ranker(basket.items, bonds(basket, recipe), recipe)
    probe = histories(now, basket, as_of, PROBED)
    return Lesson(ranker, as_of, len(now), tried, last, marks, probe, reason, now.sha256())
