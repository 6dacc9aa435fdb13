"""What training hands to the registry: one trained model with everything that a decision needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from features import TrainingSet
from scoring.model import Model

Protocol: TypeAlias = Literal["time", "order", "fold", "random"]
Grade: TypeAlias = Literal["A", "B", "C", "D"]


@dataclass(frozen=True)
class Metric:
    """A figure with its 95 % interval (bootstrap by entity); a null interval was not computable.

    Examples
    --------
    >>> Metric(0.741, 0.72, 0.76).to_json()
    {'value': 0.741, 'low': 0.72, 'high': 0.76}
    """

    value: float
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """``{"value", "low", "high"}``."""
        return asdict(self)


@dataclass(frozen=True)
class Leak:
    """One suspect of the leak audit: a feature, what was found, and the number that speaks."""

    feature: str
    finding: str
    value: float
    blocks: bool = False

    def to_json(self) -> dict[str, Any]:
        """``{"feature", "finding", "value"}``."""
        return {"feature": self.feature, "finding": self.finding, "value": self.value}


@dataclass(frozen=True)
class Naive:
    """The named rule beside every figure, and how good it is on the same rows."""

    rule: str
    metrics: Mapping[str, Metric]

    def to_json(self) -> dict[str, Any]:
        """``{"rule", "auc", …}`` with plain values."""
        return {"rule": self.rule} | {name: metric.value for name, metric in self.metrics.items()}


@dataclass(frozen=True)
class Parity:
    """Proof that the exported preparation and model give what the fitted pipeline gives."""

    rows: int
    largest_difference: float
    tolerance: float = 1e-9

    @property
    def is_proven(self) -> bool:
        """Whether some rows were compared and none differed by more than the tolerance."""
        return self.rows > 0 and self.largest_difference <= self.tolerance


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The rows of the test period with outcome and scores, so that two models can be compared in pairs.

    Attributes
    ----------
    entity : str
    ids, as_of : ndarray of int64, shape (n,)
        Record id and moment (µs) of each row.
    y, score, naive_score : ndarray of float64, shape (n,)
        Outcome, the model's score, the naive rule's score.
    """

    entity: str
    ids: npt.NDArray[np.int64]
    as_of: npt.NDArray[np.int64]
    y: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    naive_score: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One trained model, not yet registered.

    Attributes
    ----------
    model : Model
        As loaded from `directory`; ``model.sha256`` is its identity.
    directory : Path
        The artefact's folder.
    metrics : mapping of str to Metric
        On the test period.
    naive : Naive
    leaks : sequence of Leak
        Every suspect, strongest first.
    protocol : {"time", "order", "fold", "random"}
    protocol_note : str
        One sentence: which moments, how many rows, why this protocol.
    rows, base_rate
        Training rows and their share of positive outcomes (null where there is no outcome).
    grade, grade_reasons
        A to D, and the shown numbers that gave it.
    rung : str
        Which step of the ladder answers (``rule``, ``logistic``, ``lightgbm``, or the kind's own word).
    params : mapping
        Parameters of the final fit, plain JSON.
    parity : Parity or None
        Null where the kind has no separate pipeline.
    pictures : mapping of str to bytes
        ``name.svg`` and ``name.png``.
    tables : mapping of str to JSON
        Further results of the run (ladder, stability, importance, thresholds), plain JSON.
    files : mapping of str to bytes
        What else is kept beside the artefact, by file name (``trials-20260630T080000Z.parquet``: every trial of a
        search for parameters).
    card : str
        Markdown for a manager.
    hashes : mapping of str to str
        sha256 of data, spine, code, settings, declarations.
    as_of : int
        Moment (µs) up to which the training used the records.
    evidence : Evidence or None
    training_set : TrainingSet or None
        What it was taught and judged on, to be kept; ``hashes["training_set"]`` is its identity. None where a model
        learns from a log itself.
    seconds : float
    """

    model: Model
    directory: Path
    metrics: Mapping[str, Metric]
    naive: Naive
    protocol: Protocol
    protocol_note: str
    rows: int
    base_rate: float | None
    grade: Grade
    grade_reasons: Sequence[str]
    rung: str
    card: str
    hashes: Mapping[str, str]
    as_of: int
    seconds: float
    leaks: Sequence[Leak] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    parity: Parity | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    evidence: Evidence | None = None
    training_set: TrainingSet | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def kind(self) -> str:
        """The model's kind."""
        return self.model.kind

    def to_json(self) -> dict[str, Any]:
        """The part of ``train --json`` that training knows (run, version and decision are the registry's)."""
        return {
            "model": self.name,
            "grade": self.grade,
            "rung": self.rung,
            "rows": self.rows,
            "base_rate": self.base_rate,
            "protocol": self.protocol,
            "metrics": {name: metric.to_json() for name, metric in self.metrics.items()},
            "naive": self.naive.to_json(),
            "leaks": [leak.to_json() for leak in self.leaks],
            "params": dict(self.params),
            "seconds": self.seconds,
        }
