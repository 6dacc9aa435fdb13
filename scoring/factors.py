"""Items as factors: what a customer bought becomes factors of the customer, and these score every item.

The customer's factors are solved at the moment of asking from the items alone, so whoever was not there when the items
were taught gets the same answer as those who were. Hu, Koren, Volinsky: "Collaborative filtering for implicit feedback
datasets", 2008, whose section 5 also splits a score into what each bought item adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.linalg.lapack

from scoring.artefact import Artefact
from scoring.errors import ArtefactError
from scoring.model import Floats

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Factors:
    """Factors of the items, and how a history is weighed against them.

    Attributes
    ----------
    vectors : ndarray of float64, shape (items, dimensions)
    confidence : float
        How much more a purchase counts than an item that was not bought, times the purchase's voice.
    regularisation : float
        Pull of a customer's factors towards zero, above zero.

    Examples
    --------
    >>> factors = Factors(np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]), 10.0, 0.1)
    >>> factors.said(np.array([0]), np.ones(1)).heard(3).round(2).tolist()
    [0.92, 0.82, -0.07]
    """

    vectors: Floats
    confidence: float
    regularisation: float

    @cached_property
    def _ground(self) -> Floats:
        """What all items say together, bought or not."""
        return self.vectors.T @ self.vectors + self.regularisation * np.eye(self.vectors.shape[1])

    def said(self, codes: Codes, voices: Floats) -> Folded:
        """What a history says for all items.

        Parameters
        ----------
        codes : ndarray of intp, shape (m,)
            Items bought.
        voices : ndarray of float64, shape (m,)
            How loud each speaks, zero or more.
        """
        whole = self._whole(codes, voices)
        return Folded(self.vectors, codes, 1.0 + self.confidence * voices, scipy.linalg.cho_factor(whole, lower=True))

    def heard(self, codes: Codes, voices: Floats) -> Floats:
        """Score of each item, as ``said(codes, voices).heard`` gives it up to rounding, at half the cost."""
        if not len(codes):
            return np.zeros(len(self.vectors))
        right = self.vectors[codes].T @ (1.0 + self.confidence * voices)
        scores: Floats = self.vectors @ scipy.linalg.lapack.dposv(self._whole(codes, voices), right, lower=True)[1]
        return scores

    def _whole(self, codes: Codes, voices: Floats) -> Floats:
        own = self.vectors[codes]
        whole: Floats = self._ground + self.confidence * (own.T * voices) @ own
        return whole

    def to_safetensors(self) -> bytes:
        """The factors as the bytes of a safetensors file: ``vectors``, ``confidence``, ``regularisation``."""
        from safetensors.numpy import save

        return save(
            {
                "vectors": np.ascontiguousarray(self.vectors),
                "confidence": np.array([self.confidence]),
                "regularisation": np.array([self.regularisation]),
            }
        )

    @classmethod
    def read(cls, artefact: Artefact, name: str, count: int) -> Self:
        """Read back what `to_safetensors` gave for `count` items.

        Raises
        ------
        ArtefactError
            If the file is missing, is none of factors, or holds other than `count` finite rows.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        if name not in artefact.files:
            raise ArtefactError.absent(artefact.path, [name])
        try:
            held = load(artefact.files[name])
            vectors, confidence, regularisation = (held[key] for key in ("vectors", "confidence", "regularisation"))
        except (SafetensorError, KeyError) as error:
            raise ArtefactError.unreadable(artefact.path / name, error) from error
        if vectors.ndim != 2 or len(vectors) != count:
            raise ArtefactError.unreadable(
                artefact.path / name, f"its factors have the shape {vectors.shape}, with {count} items listed"
            )
        if not np.isfinite(vectors).all() or not regularisation[0] > 0:
            raise ArtefactError.unreadable(
                artefact.path / name, "its factors are not finite, or their pull not above 0"
            )
        return cls(vectors, float(confidence[0]), float(regularisation[0]))


@dataclass(frozen=True)
class Folded:
    """A history solved against the items' factors.

    Attributes
    ----------
    vectors : ndarray of float64, shape (items, dimensions)
    codes : ndarray of intp, shape (m,)
        Items bought.
    weight : ndarray of float64, shape (m,)
        Confidence of each.
    """

    vectors: Floats
    codes: Codes
    weight: Floats
    _factor: tuple[Floats, bool]

    @cached_property
    def customer(self) -> Floats:
        """Factors of the customer, shape (dimensions,)."""
        return self._solved(self.vectors[self.codes].T @ self.weight)

    def heard(self, count: int) -> Floats:
        """Score of each of the `count` items; nothing where nothing was bought."""
        scores: Floats = self.vectors @ self.customer if len(self.codes) else np.zeros(count)
        return scores

    def loudest(self, code: int) -> tuple[int, float]:
        """Place of the item that adds most to the score of `code`, and how much; -1 and 0 when none adds."""
        if not len(self.codes):
            return -1, 0.0
        added = self.added(code)
        place = int(np.argmax(added))
        return (place, float(added[place])) if added[place] > 0 else (-1, 0.0)

    def added(self, code: int) -> Floats:
        """What each bought item adds to the score of `code`, shape (m,); they sum to it."""
        result: Floats = self.weight * (self.vectors[self.codes] @ self._solved(self.vectors[code]))
        return result

    def _solved(self, right: Floats) -> Floats:
        return np.asarray(scipy.linalg.cho_solve(self._factor, right, check_finite=False))
