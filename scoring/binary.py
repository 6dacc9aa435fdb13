"""A model of a yes-or-no outcome: calibrated probability, bands, reasons, and whom it may score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from scoring.artefact import Artefact
from scoring.bands import Bands
from scoring.calibration import Calibration, probability
from scoring.cores import Boosted, Core, Linear
from scoring.deals import Deals
from scoring.encoding import Encoder
from scoring.model import Floats, Frame, Model
from scoring.population import Population
from scoring.reasons import Reason, Reasons
from scoring.waiting import Timing

RUNGS = ("rule", "logistic", "lightgbm")


class BinaryModel(Model):
    """Probability of an outcome for every row of a frame.

    Parameters
    ----------
    artefact : Artefact
        ``features.json`` (inputs, groups, columns), ``calibration.json``, ``policy.json``, ``profile.json``,
        ``card.md``, and ``model.txt`` (LightGBM) or ``linear.json`` (rule, logistic).

    Attributes
    ----------
    rung : str
        Which step of the ladder answers.
    deals : Deals or None
        What an outcome is worth and how long it takes; None where the model's outcomes bring no deals.
    timing : Timing or None
        When an outcome comes; None where the model does not tell it.
    """

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        features = artefact.json("features.json")
        self.rung = str(self.manifest["rung"])
        self.encoder = Encoder(self.name, features["inputs"], features["groups"], features["columns"])
        self._core: Core = (
            Boosted(artefact.text("model.txt")) if self.rung == "lightgbm" else Linear(artefact.json("linear.json"))
        )
        self._calibration = Calibration(artefact.json("calibration.json"))
        self._reasons = Reasons(features["inputs"], [str(item["ref"]) for item in features["columns"]])
        self._bands = Bands(self.policy["bands"])
        self._population = Population(self.policy["population"])
        self.deals = Deals(self.policy["deals"]) if "deals" in self.policy else None
        self.timing = Timing(self.policy["waiting"]) if "waiting" in self.policy else None

    @property
    def base(self) -> float:
        """Log-odds before any reason counts; with all effects of a row it adds up to the row's log-odds."""
        return float(self._calibration.log_odds(np.array([self._core.base]))[0])

    @property
    def threshold(self) -> float:
        """The score from which on acting pays, by the policy's stated basis."""
        return float(self.policy["threshold"])

    def predict(self, frame: Frame) -> Floats:
        """Calibrated probability of each row.

        Parameters
        ----------
        frame : mapping of str to ndarray
            Values of at least the encoder's refs.

        Returns
        -------
        ndarray of float64, shape (rows,), in 0..1
            A row's value is the same alone and among others.

        Raises
        ------
        FrameError
            If a feature is missing from the frame.
        """
        return probability(self._calibration.log_odds(self.raw(frame)))

    def raw(self, frame: Frame) -> Floats:
        """Log-odds before calibration, shape (rows,)."""
        return self._core.log_odds(self.encoder.matrix(frame))

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """While it is open one thread works on each question: for callers with a thread for each part of the rows."""
        before, self._core.threads = self._core.threads, 1
        try:
            yield
        finally:
            self._core.threads = before

    def eligible(self, frame: Frame) -> npt.NDArray[np.bool_]:
        """Whether each row belongs to the population that the model was made for.

        Raises
        ------
        FrameError
            If a feature of the population's expression is missing from the frame.
        """
        return self._population.holds(self.name, frame)

    @property
    def band_names(self) -> tuple[str, ...]:
        """Every band, from the lowest scores to the highest."""
        return self._bands.names

    def bands(self, scores: Floats) -> list[str]:
        """The named band of every score."""
        return self._bands.of(scores)

    def expected(self, scores: Floats, frame: Frame) -> dict[str, Floats]:
        """What is expected of each row beside its score, by the names that answers have for it; NaN where unknown."""
        deals = {} if self.deals is None else self.deals.expected(scores, frame)
        return deals | ({} if self.timing is None else self.timing.expected(scores))

    def explain(self, frame: Frame, k: int | None = None) -> list[list[Reason]]:
        """Why each row has its score.

        Parameters
        ----------
        frame : mapping of str to ndarray
        k : int, optional
            The `k` strongest reasons; by default all, which with `base` add up to the score's log-odds.

        Returns
        -------
        list of list of Reason
            Strongest first.
        """
        matrix = self.encoder.matrix(frame)
        factors, _ = self._calibration.stretch(self._core.log_odds(matrix), self._core.base)
        return self._reasons.tell(frame, self._core.contributions(matrix) * factors[:, None], k)
