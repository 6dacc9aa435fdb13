"""Training as a whole: the models that there are, and one training of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from time import perf_counter
from typing import Any

from configs import Settings, costs
from crm.records import Records
from features.store import FeatureStore
from scoring import Candidate, Evidence, Model
from scoring.ranker import Recipe
from training.backtest import CUTOFFS, Backtest, backtest
from training.catalogue import find
from training.errors import TrainingError
from training.policies import Costs
from training.question import Latest, Question
from training.recommender_backtest import ListBacktest, backtest_lists
from training.recommender_contest import ListContest, contest
from training.recommending import Recommender
from training.spec import Context, ModelSpec, Progress

SEED = 20_111


class Training:
    """Trains models on one workspace's records.

    Parameters
    ----------
    settings : Settings
    store : FeatureStore
    records : Records

    Attributes
    ----------
    models : mapping of str to ModelSpec
        Every file of ``training/models``.
    """

    def __init__(self, settings: Settings, store: FeatureStore, records: Records) -> None:
        self.settings = settings
        self.store = store
        self.records = records
        self.models: Mapping[str, ModelSpec] = find()

    def teachable(self) -> list[str]:
        """Names of the models for which the records hold rows of a table that they can learn from."""
        held = {table for source in self.records.sources() for table, rows in source.tables.items() if rows}
        return [name for name, model in self.models.items() if not model.rests_on or held & set(model.rests_on)]

    def usual(self) -> list[str]:
        """Names of the models that are trained where none is named: all but those that say ``on_request``."""
        return sorted(name for name, model in self.models.items() if not getattr(model, "on_request", False))

    def train(
        self,
        name: str,
        *,
        as_of: int | None = None,
        horizon_days: int | None = None,
        random_split: bool = False,
        seed: int = SEED,
        progress: Progress | None = None,
        champion_params: Mapping[str, Any] | None = None,
        champion: Model | None = None,
    ) -> Candidate:
        """Train one model.

        Parameters
        ----------
        name : str
        as_of : int, optional
            Moment (µs) up to which records may be used; by default the earliest end of the sources in use.
        horizon_days : int, optional
            How far ahead an outcome counts, where records tell it in time; by default the model's own.
        random_split : bool
            Split outcomes that have no times at random, which nothing else allows; printed as such.
        seed : int
            The same seed, data, code and settings give the same bytes.
        progress : callable, optional
            Told in words what is being done.
        champion_params : mapping, optional
            Parameters of the champion's final fit, tried first by a search.
        champion : Model, optional
            The version that answers now; segments that continue its segments keep their names.

        Returns
        -------
        Candidate
            Its artefact is written below ``settings.artefacts_dir``; nothing is registered.

        Raises
        ------
        TrainingError
            If the model is unknown, or the records cannot teach it.
        CostsError
            If the workspace's ``costs.yaml`` says what cannot be reckoned with.
        """
        model, started = self._model(name), perf_counter()
        if horizon_days is not None and horizon_days < 1:
            raise TrainingError.bad_horizon(name, horizon_days)
        context = self._context(
            as_of=as_of,
            horizon_days=horizon_days,
            random_split=random_split,
            seed=seed,
            progress=progress or (lambda _: None),
            champion_params=champion_params,
            champion=champion,
        )
        candidate = model.fit(context)
        return replace(candidate, seconds=round(perf_counter() - started, 3))

    def backtest(
        self,
        name: str,
        *,
        as_of: int | None = None,
        size: int | None = None,
        cutoffs: int = CUTOFFS,
        seed: int = SEED,
        progress: Progress | None = None,
    ) -> Backtest:
        """What a yes-or-no model's lists would have earned at past cutoffs, beside the naive rule's.

        Parameters
        ----------
        name : str
        as_of : int, optional
            Moment (µs) up to which outcomes are used; by default the end of the sources in use.
        size : int, optional
            Length of the list; by default everybody for whom acting pays.
        cutoffs : int
            Past cutoffs at most.
        seed : int
        progress : callable, optional

        Raises
        ------
        TrainingError
            If the model is unknown, answers no yes-or-no question or has no past to replay, or a count is below 1.
        """
        _check_counts(name, size=size, cutoffs=cutoffs)
        context = self._context(as_of=as_of, seed=seed, progress=progress or (lambda _: None))
        return backtest(context, self._question(name), size=size, cutoffs=cutoffs)

    def backtest_lists(
        self,
        name: str,
        *,
        as_of: int | None = None,
        cutoffs: int = CUTOFFS,
        seed: int = SEED,
        progress: Progress | None = None,
    ) -> ListBacktest:
        """What customers would have bought of a recommendation's past lists, beside those of personal frequency.

        Parameters as in `backtest`.

        Raises
        ------
        TrainingError
            If the model is unknown, recommends nothing or has no past to replay, or a count is below 1.
        """
        _check_counts(name, cutoffs=cutoffs)
        if not self.recommends(name):
            raise TrainingError.nothing_to_replay(name, "it recommends nothing")
        context = self._context(as_of=as_of, seed=seed, progress=progress or (lambda _: None))
        return backtest_lists(context, name, cutoffs=cutoffs)

    def compare_lists(
        self,
        name: str,
        recipes: tuple[Recipe, Recipe],
        *,
        as_of: int | None = None,
        seed: int = SEED,
        progress: Progress | None = None,
    ) -> ListContest:
        """Two recipes of a recommendation, taught anew before the last horizon and judged on it.

        Parameters
        ----------
        name : str
            The model.
        recipes : pair of Recipe
            Those of its versions.
        as_of, seed, progress
            As in `backtest`.

        Raises
        ------
        TrainingError
            If the history is too short for it.
        """
        context = self._context(as_of=as_of, seed=seed, progress=progress or (lambda _: None))
        return contest(context, name, recipes)

    def recommends(self, name: str) -> bool:
        """Whether a model gives lists of items.

        Raises
        ------
        TrainingError
            If the model is unknown.
        """
        if name not in self.models:
            raise TrainingError.unknown_model(name, self.models)
        return isinstance(self.models[name], Recommender)

    def latest(self, name: str, *, as_of: int | None = None) -> Latest:
        """The latest rows of a yes-or-no model whose outcome is known; raises like `backtest`."""
        return self._question(name).latest(self._context(as_of=as_of))

    def _model(self, name: str) -> ModelSpec:
        """A model, with the costs that the operator states in their own file."""
        if name not in self.models:
            raise TrainingError.unknown_model(name, self.models)
        stated, model = self.stated_costs(name), self.models[name]
        return replace(model, costs=stated) if stated is not None and isinstance(model, Question) else model

    def stated_costs(self, name: str) -> Costs | None:
        """The costs that the workspace's ``costs.yaml`` states for a model; None where it states none.

        Raises
        ------
        CostsError
            If the file says what cannot be reckoned with.
        """
        acting = [other for other, model in self.models.items() if isinstance(model, Question)]
        stated = costs.read(self.settings.home / costs.NAME, acting)
        return Costs.stated(stated[name]) if name in stated else None

    def _question(self, name: str) -> Question:
        question = self._model(name)
        if not isinstance(question, Question):
            raise TrainingError.nothing_to_replay(name, "it answers no yes-or-no question")
        return question

    def evidence(self, model: Model, candidate: Candidate, params: Mapping[str, Any] | None = None) -> Evidence | None:
        """What another version, say the champion, answers on a candidate's test rows.

        Parameters
        ----------
        model : Model
            The other version.
        candidate : Candidate
        params : mapping, optional
            Parameters of the other version's final fit, where its recipe has to be taught again.

        Returns
        -------
        Evidence or None
            None when the candidate was judged on no rows, or the two answer in different ways.
        """
        context = self._context(as_of=candidate.as_of, champion_params=params)
        return self.models[candidate.name].evidence(context, model, candidate)

    def _context(self, **given: Any) -> Context:
        return Context(settings=self.settings, store=self.store, records=self.records, **given)


def _check_counts(name: str, **counts: int | None) -> None:
    for word, value in counts.items():
        if value is not None and value < 1:
            raise TrainingError.no_count(name, word, value)


def preload() -> None:
    """Load the libraries that every training needs, for a process that will train."""
    for name in ("lightgbm", "matplotlib.figure", "feature_engine.imputation", "sklearn.linear_model"):
        import_module(name)


def open(settings: Settings, store: FeatureStore, records: Records) -> Training:  # noqa: A001 - each package opens
    """Training on one workspace's records and features."""
    return Training(settings, store, records)
