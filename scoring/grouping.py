"""Putting rows into groups: by the nearest centre, or by quantiles of recency, frequency and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from scoring.encoding import signed_log
from scoring.errors import FrameError
from scoring.model import Floats, Frame

Places = npt.NDArray[np.intp]
RFM_NAMES = (
    "best customers",
    "regular customers",
    "new or promising",
    "undecided",
    "valuable but lapsing",
    "nearly lost",
)
FURTHEST = 4.0  # a value this many spreads from the middle pulls no further


class Grouping(Protocol):
    """A way of putting rows into numbered groups; a row's group does not depend on the other rows."""

    @property
    def refs(self) -> tuple[str, ...]:
        """Features that it needs."""

    def place(self, frame: Frame) -> Places:
        """Number of each row's group."""

    def to_json(self) -> dict[str, Any]:
        """Plain data from which `read` makes it again."""


@dataclass(frozen=True)
class Scale:
    """One axis of the space of clusters: a feature, or one feature per another, logged, centred and scaled.

    Attributes
    ----------
    ref : str
    per : str or None
        The feature that it is divided by; nothing divided by nothing is null.
    centre, spread : float
        Median and interquartile range of the logged values in training.
    fill : float
        Scaled value of null.

    Examples
    --------
    >>> Scale("a:x", None, 0.0, 1.0, 0.0).of({"a:x": np.array([0.0, np.nan, 1e9])}).tolist()
    [0.0, 0.0, 4.0]
    """

    ref: str
    per: str | None
    centre: float
    spread: float
    fill: float

    def of(self, frame: Frame) -> Floats:
        """Scaled values of all rows."""
        scaled = (logged(frame, self.ref, self.per) - self.centre) / self.spread
        return np.where(np.isnan(scaled), self.fill, np.clip(scaled, -FURTHEST, FURTHEST))


def logged(frame: Frame, ref: str, per: str | None) -> Floats:
    """A feature's values (or its values per another's), logged; NaN for null.

    Examples
    --------
    >>> logged({"a:x": np.array([2.0, 2.0]), "a:y": np.array([2.0, 0.0])}, "a:x", "a:y").round(3).tolist()
    [0.693, nan]
    """
    values = frame[ref]
    if per is not None:
        divisor = frame[per]
        values = np.where(divisor > 0, values / np.where(divisor > 0, divisor, 1.0), np.nan)
    return signed_log(values)


@dataclass(frozen=True)
class Clusters:
    """Groups by the nearest centre.

    Attributes
    ----------
    scales : sequence of Scale
    centres : ndarray of float64, shape (groups, scales)
    """

    scales: Sequence[Scale]
    centres: Floats

    @property
    def refs(self) -> tuple[str, ...]:
        """Features that it needs."""
        names = [name for scale in self.scales for name in (scale.ref, scale.per) if name]
        return tuple(dict.fromkeys(names))

    def matrix(self, frame: Frame) -> Floats:
        """The rows' places in space, shape (rows, scales)."""
        return np.stack([scale.of(frame) for scale in self.scales], axis=1)

    def place(self, frame: Frame) -> Places:
        """The nearest centre of each row; among equally near ones the first."""
        return nearest(self.matrix(frame), self.centres)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "method": "clusters",
            "scales": [asdict(scale) for scale in self.scales],
            "centres": self.centres.tolist(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls([Scale(**item) for item in value["scales"]], np.array(value["centres"], dtype=np.float64))


def nearest(matrix: Floats, centres: Floats) -> Places:
    """The nearest centre of each row, added up axis by axis so that a row alone gives the same.

    Examples
    --------
    >>> nearest(np.array([[0.2], [0.9]]), np.array([[0.0], [1.0]])).tolist()
    [0, 1]
    """
    distance = np.zeros((len(matrix), len(centres)))
    for axis in range(matrix.shape[1]):
        step = matrix[:, axis, None] - centres[None, :, axis]
        distance += step * step
    places: Places = np.argmin(distance, axis=1)
    return places


@dataclass(frozen=True)
class RfmRule:
    """Groups by quintiles of recency and of frequency and money together: the rule that anyone could use.

    Attributes
    ----------
    recency, frequency, money : str
        References; small recency is good.
    edges : mapping of str to sequence of float
        Four inner edges for each of ``recency``, ``frequency``, ``money``.
    """

    recency: str
    frequency: str
    money: str
    edges: Mapping[str, Sequence[float]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the groups."""
        return RFM_NAMES

    @property
    def refs(self) -> tuple[str, ...]:
        """Features that it needs."""
        return (self.recency, self.frequency, self.money)

    def place(self, frame: Frame) -> Places:
        """Number of each row's group, a place in `names`.

        Examples
        --------
        >>> rule = RfmRule("a:r", "a:f", "a:m", {key: [1, 2, 3, 4] for key in ("recency", "frequency", "money")})
        >>> frame = {"a:r": np.array([0.0, 9.0]), "a:f": np.array([9.0, 0.0]), "a:m": np.array([9.0, np.nan])}
        >>> [rule.names[place] for place in rule.place(frame)]
        ['best customers', 'nearly lost']
        """
        recent = 6 - _quintile(np.nan_to_num(frame[self.recency], nan=np.inf), self.edges["recency"])
        often = _quintile(np.nan_to_num(frame[self.frequency]), self.edges["frequency"])
        much = _quintile(np.nan_to_num(frame[self.money]), self.edges["money"])
        worth = (often + much + 1) // 2
        conditions = [
            (recent >= 4) & (worth >= 4),
            (recent >= 3) & (worth >= 3),
            recent >= 4,
            recent == 3,
            worth >= 4,
        ]
        return np.select(conditions, list(range(5)), default=5).astype(np.intp)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        edges = {name: [float(edge) for edge in self.edges[name]] for name in ("recency", "frequency", "money")}
        return {
            "method": "rfm",
            "recency": self.recency,
            "frequency": self.frequency,
            "money": self.money,
            "edges": edges,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(value["recency"], value["frequency"], value["money"], value["edges"])


def read(value: Mapping[str, Any]) -> Grouping:
    """A grouping from its plain data."""
    return RfmRule.from_json(value) if value["method"] == "rfm" else Clusters.from_json(value)


def check(name: str, grouping: Grouping, frame: Frame) -> None:
    """Refuse a frame that lacks a feature of the grouping.

    Raises
    ------
    FrameError
        If a feature is missing from the frame.
    """
    absent = [ref for ref in grouping.refs if ref not in frame]
    if absent:
        raise FrameError.lacks(name, absent)


def _quintile(values: Floats, edges: Sequence[float]) -> Places:
    return np.searchsorted(np.asarray(edges, dtype=np.float64), values, side="right") + 1
