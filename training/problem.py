"""What a yes-or-no model declares: the outcome, whom it scores, its naive rule, its words and its costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from features.lineage import Declarations
from training.deals import Dealt
from training.errors import TrainingError
from training.inputs import Input
from training.lateness import Late
from training.leaks import Suspect
from training.policies import BandNames, Costs
from training.waiting import Waited


@dataclass(frozen=True)
class Rule:
    """A naive rule that anyone could use: one feature, in words."""

    ref: str
    words: str


@dataclass(frozen=True)
class Population:
    """Whom a model may score, as an expression over features and in words."""

    expression: str
    refs: tuple[str, ...]
    words: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A yes-or-no question about an entity.

    Attributes
    ----------
    name, entity, title : str
    outcome : str
        What the probability is of, as the end of "it is probable that …".
    form : str
        A sentence: which form of the question the records allowed.
    population : Population
    inputs : sequence of Input
    rules : sequence of Rule
        The first whose feature says anything is the naive rule; else the strongest single feature is.
    costs : Costs
    bands : BandNames
    answered, clocked : frozenset of str
        Features for which the mapping says ``suspect: allowed``; features made of records with times.
    horizon_days : int or None
    limits : sequence of str
        For the card.
    declarations : mapping
        What the views of its features say, by view.
    settings : mapping
        What else decides the result, for its hash.
    deals : Dealt or None
        What an outcome brings and when, where it is a matter of deals.
    waited : Waited or None
        When an outcome comes, where that is told.
    late : Late or None
        Values of its rows that would be other ones with hindsight, where there are records to look them up.
    """

    name: str
    entity: str
    title: str
    outcome: str
    form: str
    population: Population
    inputs: Sequence[Input]
    rules: Sequence[Rule]
    costs: Costs
    bands: BandNames
    answered: frozenset[str] = frozenset()
    clocked: frozenset[str] = frozenset()
    horizon_days: int | None = None
    limits: Sequence[str] = ()
    declarations: Declarations = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    deals: Dealt | None = None
    waited: Waited | None = None
    late: Late | None = None

    @property
    def needs(self) -> frozenset[str]:
        """Features that are asked for beside the model's own: those of the population, and an entity's age."""
        age = () if self.deals is None else (str(self.deals.policy["age"]),)
        return frozenset((*self.population.refs, *age))

    def naive(self, kept: Sequence[Input], suspects: Sequence[Suspect]) -> tuple[Input, str]:
        """The naive rule's feature, and the rule in words; see `naive`."""
        return naive(self.name, self.rules, kept, suspects)


def naive(name: str, rules: Sequence[Rule], kept: Sequence[Input], suspects: Sequence[Suspect]) -> tuple[Input, str]:
    """The naive rule's feature, and the rule in words: the first that says anything, else the strongest feature.

    Raises
    ------
    TrainingError
        If no feature says anything.
    """
    by_ref = {item.ref: item for item in kept}
    if not by_ref:
        raise TrainingError.no_features(name)
    for rule in rules:
        if rule.ref in by_ref:
            return by_ref[rule.ref], rule.words
    best = by_ref[suspects[0].ref]
    return best, f"by {best.title} alone"
