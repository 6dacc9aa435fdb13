"""The platform as one object in Python: every part of a workspace, and every flow as a verb on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from configs import Settings
from crm.imports import ImportReport, run_import
from features import ENTITIES
from features.as_of import Moment, micros_of
from pipelines.backtest import backtest
from pipelines.compare import Compared, compare
from pipelines.demo import make_company
from pipelines.explain import Explained, explain
from pipelines.materialize import Materialized, materialize
from pipelines.promote import promote
from pipelines.score import Scored, score
from pipelines.train import Trained, train
from pipelines.watch import Watched, watch
from pipelines.workspace import Workspace
from registry import ModelVersion
from training import Backtest, ListBacktest

_LAST = 2**62

SCORES = """
SELECT e.{entity}_no, s.score, s.band, s.model_version, s.occurred_at
FROM scores s JOIN {table} e ON e.id = s.{entity}_id
WHERE s.model = :model
  AND s.occurred_at = (SELECT max(occurred_at) FROM scores WHERE model = :model AND occurred_at <= :upto)
  AND s.op <> 'retract' AND s.version = (SELECT max(version) FROM scores o WHERE o.id = s.id)
ORDER BY e.id
"""


class Rapport(Workspace):
    """One workspace for notebooks and programs. Made by `rapport.open`.

    Its parts are `records`, `features`, `training`, `registry`, `segments`, `monitoring` and `reports`; its verbs are
    the commands of the same names. A moment (`as_of`) is a date, an ISO 8601 text, an aware time or microseconds, and
    by default where the sources in use end.
    """

    def __repr__(self) -> str:
        return (
            f"<Rapport {self.settings.home}: .records, .features, .training, .registry, .segments, .monitoring, "
            ".reports; .ingest, .materialize, .train, .score, .scores, .explain, .backtest, .compare, .promote, "
            ".watch; help(…) of each tells more>"
        )

    def ingest(self, source: str | Path, path: str | Path) -> ImportReport:
        """Import the files of a source; see `crm.imports.run_import`."""
        return run_import(self.records, source, Path(path), progress=self.progress)

    def materialize(self, *, as_of: Moment | None = None) -> Materialized:
        """Bring the feature history and the online store up to the records."""
        return materialize(self, as_of=_micros(as_of))

    def train(self, model: str, *, as_of: Moment | None = None, **options: Any) -> Trained:
        """Train a model, register it, and let it answer if it is better; see `pipelines.train.train`."""
        return train(self, model, as_of=_micros(as_of), **options)

    def score(self, model: str, *, as_of: Moment | None = None) -> Scored:
        """Score everybody who may be scored with the champion, and keep the answers as records."""
        return score(self, model, as_of=_micros(as_of))

    def scores(self, model: str, *, as_of: Moment | None = None) -> pd.DataFrame:
        """The answers of the latest batch, or of the latest at or before a moment.

        Returns
        -------
        pandas.DataFrame
            ``<entity>_no``, ``score`` (NaN for segments), ``band``, ``model_version``, ``as_of`` (UTC).

        Raises
        ------
        RapportError
            If the model is unknown or has no champion.
        """
        self.check_model(model)
        entity = self.registry.champion(model).entity
        sql = SCORES.format(entity=entity, table=ENTITIES[entity].table)
        found: pd.DataFrame = self.records.query(
            sql, {"model": model, "upto": _LAST if as_of is None else micros_of(as_of)}
        ).to_pandas()
        moments = pd.to_datetime(found.pop("occurred_at"), unit="us", utc=True)
        return found.assign(as_of=moments)

    def explain(self, model: str, number: str, *, as_of: Moment | None = None, most: int | None = 5) -> Explained:
        """Why somebody has a score: the reasons, and the records behind each."""
        return explain(self, model, number, as_of=_micros(as_of), most=most)

    def backtest(
        self, model: str, *, as_of: Moment | None = None, size: int | None = None, cutoffs: int = 6
    ) -> Backtest | ListBacktest:
        """What the model's past lists would have earned, or met in purchases, beside the naive rule's."""
        return backtest(self, model, as_of=_micros(as_of), size=size, cutoffs=cutoffs)[0]

    def compare(self, model: str, first: str, second: str, *, as_of: Moment | None = None) -> Compared:
        """Two versions on the same later rows."""
        return compare(self, model, first, second, as_of=_micros(as_of))

    def promote(self, model: str, version: str | None = None, *, reason: str) -> ModelVersion:
        """Make a version, by default the challenger, the champion."""
        return promote(self, model, version, reason=reason)[0]

    def watch(self, model: str, *, as_of: Moment | None = None) -> Watched:
        """What a model sees now beside what it learned on."""
        return watch(self, model, as_of=_micros(as_of), page="never")


def load(home: str | Path | None = None, **settings: Any) -> Rapport:
    """Open the workspace in `home`; see `rapport.open`."""
    return Rapport(Settings.load(home=None if home is None else str(home), **settings))


def load_example(home: str | Path | None, *, customers: int, seed: int) -> Rapport:
    """Open a workspace of the made-up company; see `rapport.example`."""
    opened = load(Settings.load().home / "example" if home is None else home)
    make_company(opened, customers=customers, seed=seed)
    return opened


def _micros(moment: Moment | None) -> int | None:
    return None if moment is None else micros_of(moment)
