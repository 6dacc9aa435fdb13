"""From labelled history to one candidate model.

In: records, features, and the models declared in ``training/models``. Out: a `scoring.Candidate`, an
artefact of data with everything that a decision needs; nothing is registered here. Pipelines and the
layers above the registry import this package; serving never does.
"""

from training.backtest import Backtest
from training.catalogue import find
from training.errors import TrainingError
from training.opening import Training, open, preload  # noqa: A004 - each package opens
from training.recommender_backtest import ListBacktest, ListReplay
from training.recommender_contest import ListContest
from training.spec import Context, ModelSpec

__all__ = [
    "Backtest",
    "Context",
    "ListBacktest",
    "ListContest",
    "ListReplay",
    "ModelSpec",
    "Training",
    "TrainingError",
    "find",
    "open",
    "preload",
]
