"""One training of a segmentation, from the feature store to a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crm.clock import DAY
from features import TrainingSet
from features.store import FeatureStore
from scoring import Candidate, Evidence, Metric, Model, SegmentationModel
from scoring.grouping import Clusters, Places, RfmRule
from scoring.population import Population
from training import rfm, segment_writing
from training.errors import TrainingError
from training.naming import Trait
from training.periods import HORIZON_DAYS, as_training_set, read
from training.portraits import Portrait, paint
from training.spec import Context
from training.study import Columns, Period, Study, renew, study
from training.worth import worth

RULE = "RFM quantiles"
NOTHING = "everybody alike"
FEWEST = 20  # customers of a past period


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """A segmentation model as its file declares it.

    Attributes
    ----------
    name, title : str
    traits : tuple of Trait
        What clusters look at, and the words for it, good nouns first.
    recency, frequency, money : str
        References for the RFM rule.
    population, population_words : str
        Whom it segments, as an expression over features and in words.
    population_refs : tuple of str
    rests_on : tuple of str
        Tables of which one at least must hold rows for there to be anything to learn; none: whatever there is.
    """

    name: str
    title: str
    traits: tuple[Trait, ...]
    recency: str
    frequency: str
    money: str
    population: str
    population_refs: tuple[str, ...]
    population_words: str
    rests_on: tuple[str, ...] = ("order_lines",)
    kind: str = "segmentation"
    entity: str = "customer"

    @property
    def columns(self) -> Columns:
        """Features that clusters look at, each perhaps per another."""
        return [(trait.ref, trait.per) for trait in self.traits]

    @property
    def refs(self) -> tuple[str, ...]:
        """Every feature in use."""
        named = [name for trait in self.traits for name in (trait.ref, trait.per) if name]
        return tuple(sorted({*named, self.recency, self.frequency, self.money, *self.population_refs}))

    @property
    def policy(self) -> dict[str, object]:
        """Whom it segments, as the artefact states it."""
        return {"expression": self.population, "refs": list(self.population_refs), "words": self.population_words}

    def fit(self, context: Context) -> Candidate:
        """Study the past, settle on clusters or the rule, learn it on the present customers and name it.

        Raises
        ------
        TrainingError
            If there are no orders, or nobody is in the population; if a random split was asked for.
        """
        context.check_split(self.name)
        lesson = learn(self, context)
        context.progress("writing the artefact")
        return segment_writing.candidate(self, context, lesson)

    def evidence(self, context: Context, model: Model, candidate: Candidate) -> Evidence | None:
        """What another version foretells of the candidate's rows, its means learned in the same earlier period.

        Parameters
        ----------
        context : Context
        model : Model
            The champion.
        candidate : Candidate

        Returns
        -------
        Evidence or None
            None when the candidate has no rows of a past period.
        """
        own = candidate.evidence
        if own is None or not isinstance(model, SegmentationModel):
            return None
        refs = tuple(sorted({*self.refs, *model.refs}))
        first, second = past(self, context.store, refs, candidate.as_of)
        count = len(model.segments)
        judged = worth(model.places(first.frame), first.later, model.places(second.frame), second.later, count)
        return Evidence(
            entity=self.entity,
            ids=second.ids,
            as_of=np.full(len(second), second.at),
            y=second.later,
            score=judged.merit,
            naive_score=own.naive_score,
        )


@dataclass(frozen=True)
class Lesson:
    """What one training learned, before it is written down.

    Attributes
    ----------
    now : Period
        The present customers.
    first, second : Period
        The past periods: learned on, judged on.
    tried : Study or None
        None when the history is too short for them.
    grouping : Clusters or RfmRule
        Learned on the present customers.
    portrait : Portrait
    reasons : list of str
        Why this rung.
    training_set : TrainingSet
        Everybody of the three periods, with what they spent afterwards.
    """

    now: Period
    first: Period
    second: Period
    tried: Study | None
    grouping: Clusters | RfmRule
    portrait: Portrait
    reasons: list[str]
    training_set: TrainingSet

    @property
    def periods(self) -> tuple[Period, Period, Period]:
        """Those it learned from and was judged on."""
        return self.first, self.second, self.now

    @property
    def rung(self) -> str:
        """``clusters`` or ``rule``."""
        return "rule" if isinstance(self.grouping, RfmRule) else "clusters"

    @property
    def rule(self) -> str:
        """The naive rule in words: the RFM rule, or no segments at all where that rule itself answers."""
        return RULE if self.rung == "clusters" else NOTHING

    def figures(self, *, seed: int) -> tuple[Mapping[str, Metric], Mapping[str, Metric]]:
        """Figures of the segments and of the naive rule on the second period; empty without one."""
        if self.tried is None:
            return {}, {}
        found = self.tried.figures(self.second.ids, seed=seed)
        if self.rung == "rule":
            return {"explained": found["explained"]}, {"explained": Metric(0.0)}
        return found, {"explained": self.tried.beside.explained(self.second.ids, seed=seed)}

    @property
    def evidence(self) -> Evidence | None:
        """Merit of each customer of the second period, beside that under the naive rule."""
        if self.tried is None:
            return None
        naive = self.tried.beside.merit if self.rung == "clusters" else self.tried.beside.plain
        return Evidence(
            entity="customer",
            ids=self.second.ids,
            as_of=np.full(len(self.second), self.second.at),
            y=self.second.later,
            score=self.tried.chosen.merit,
            naive_score=naive,
        )


def learn(spec: Segmentation, context: Context) -> Lesson:
    """Everything but writing."""
    champion = context.champion if isinstance(context.champion, SegmentationModel) else None
    as_of = context.as_of if context.as_of is not None else context.store.default_as_of(spec.refs).micros
    refs = tuple(sorted({*spec.refs, *(champion.refs if champion else ())}))
    context.progress("reading customers and what they spent afterwards")
    now = read(context.store, as_of, refs, Population(spec.policy), known_at=None)
    if not len(now):
        raise _nobody(spec, context.store)
    first, second = past(spec, context.store, refs, as_of)
    keys = (spec.recency, spec.frequency, spec.money)
    made = as_training_set(context.store, refs, (first, second, now))
    context.progress("looking for clusters that stay")
    if min(len(first), len(second)) < FEWEST:
        reason = f"fewer than {FEWEST} customers half a year ago, so nothing can be judged; the RFM rule answers"
        rule = rfm.rule(now.frame, *keys)
        portrait = paint(rule, now.frame, spec.traits, {}, champion)
        return Lesson(now, first, second, None, rule, portrait, [reason], made)
    tried = study(first, second, spec.columns, keys, seed=context.seed)
    grouping = renew(tried.grouping, now.frame, spec.columns, seed=context.seed)
    later = spent(tried.grouping.place(second.frame), second)
    portrait = paint(grouping, now.frame, spec.traits, later, champion)
    return Lesson(now, first, second, tried, grouping, portrait, tried.reasons, made)


def spent(places: Places, period: Period) -> dict[int, float]:
    """Mean outcome of each group that has customers, in the outcome's own unit.

    Examples
    --------
    >>> spent(np.array([0, 0]), Period(0, np.arange(2), {}, np.log1p([10.0, 30.0])))
    {0: 20.0}
    """
    amounts = np.expm1(period.later)
    return {int(place): round(float(amounts[places == place].mean()), 6) for place in np.unique(places)}


def past(spec: Segmentation, store: FeatureStore, refs: tuple[str, ...], as_of: int) -> tuple[Period, Period]:
    """The period to learn on and the one to judge on: two horizons and one horizon before `as_of`."""
    who = Population(spec.policy)
    second = as_of - HORIZON_DAYS * DAY
    first = second - HORIZON_DAYS * DAY
    return read(store, first, refs, who, known_at=second), read(store, second, refs, who, known_at=as_of)


def _nobody(spec: Segmentation, store: FeatureStore) -> TrainingError:
    if not store.log("order_lines.customer").num_rows:
        return TrainingError.no_records(spec.name, "at least one order line of a known customer")
    return TrainingError.nobody(spec.name, spec.population_words)
