"""What sets a group apart: the features in which its members differ most from all others, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import Floats
from segments.evaluate import is_numeric
from training.measures import auc

COMMON = 0.01  # a text that fewer of a group have is not spoken of


@dataclass(frozen=True)
class Contrast:
    """One feature in which members differ from others.

    Attributes
    ----------
    ref, title : str
    value : str or None
        Of a text: the one that differs most.
    inside, outside : float
        Of numbers the median (the mean where medians agree), of a text the share that has `value`.
    is_mean : bool
    difference : float
        Standardised: of mean ranks, or of shares, in standard deviations over all customers.
    auc : float
        How often a member has more than another, ties counting half; unknown values left out.
    by_rule : bool
        Whether the segment's own rule rests on the same measure: then it differs by definition.
    """

    ref: str
    title: str
    value: str | None
    inside: float
    outside: float
    is_mean: bool
    difference: float
    auc: float
    by_rule: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def words(self) -> str:
        """One line.

        Examples
        --------
        >>> Contrast("a:b", "orders", None, 6.0, 1.0, False, 1.2, 0.9).words()
        'orders: 6, others 1'
        >>> Contrast("a:c", "country", "Austria", 0.5, 0.1, False, 1.2, 0.7, True).words()
        'country is Austria: 50%, others 10% (by its rule)'
        """
        form = "{:,.4g}" if self.value is None else "{:.0%}"
        what = self.title if self.value is None else f"{self.title} is {self.value}"
        mean = " on average" if self.is_mean else ""
        rule = " (by its rule)" if self.by_rule else ""
        return f"{what}: {form.format(self.inside)}{mean}, others {form.format(self.outside)}{rule}"


def contrast(ref: str, title: str, values: NDArray[Any], is_member: NDArray[np.bool_]) -> Contrast | None:
    """How members differ from others in one feature; None where one group has no known value, or all are alike.

    Parameters
    ----------
    ref, title : str
    values : array of float64 (NaN unknown) or object (None unknown)
    is_member : array of bool
    """
    if not is_numeric(values):
        return _of_texts(ref, title, values, is_member)
    known = np.isfinite(values)
    inside, outside = values[known & is_member], values[known & ~is_member]
    if not len(inside) or not len(outside) or np.ptp(values[known]) == 0:
        return None
    medians = float(np.median(inside)), float(np.median(outside))
    is_mean = medians[0] == medians[1]
    shown = (float(inside.mean()), float(outside.mean())) if is_mean else medians
    area = _area(values[known], is_member[known])
    return Contrast(ref, title, None, *shown, is_mean, _standardised(values[known], area), area)


def _standardised(values: Floats, area: float) -> float:
    """The difference of mean ranks, which is an AUC's distance from a half, in standard deviations of the ranks."""
    counts = np.unique(values, return_counts=True)[1]
    ranks = (np.cumsum(counts) - counts / 2) / counts.sum()
    return (area - 0.5) / float(np.sqrt(np.average((ranks - 0.5) ** 2, weights=counts)))


def _of_texts(ref: str, title: str, values: NDArray[Any], is_member: NDArray[np.bool_]) -> Contrast | None:
    texts = np.array(["" if item is None else str(item) for item in values.tolist()])
    found: list[Contrast] = []
    for text in sorted(set(texts.tolist()) - {""}):
        has = texts == text
        inside, outside = float(has[is_member].mean()), float(has[~is_member].mean())
        if max(inside, outside) >= COMMON and 0 < has.mean() < 1:
            difference = (inside - outside) / float(has.std())
            found.append(Contrast(ref, title, text, inside, outside, False, difference, 0.5 + (inside - outside) / 2))
    return max(found, key=lambda item: abs(item.difference), default=None)


def _area(values: Floats, is_member: NDArray[np.bool_]) -> float:
    return float(auc(is_member.astype(np.float64), values, np.ones((1, len(values))))[0])


def strongest(found: Mapping[str, list[Contrast]], most: int) -> list[Contrast]:
    """The strongest of each group of features, strongest first, the first `most` of them.

    Parameters
    ----------
    found : mapping of str to list of Contrast
        By what they measure; windows of one measure tell the same story.
    most : int
    """
    best = [max(group, key=lambda item: abs(item.difference)) for group in found.values()]
    return sorted(best, key=lambda item: (-abs(item.difference), item.ref))[:most]
