"""The leak audit: which features know too much, how far ahead they are, and whether anybody answered for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring import Floats, Leak
from training.errors import TrainingError
from training.inputs import Input
from training.measures import auc
from training.rows import Rows
from training.splits import fold_of

BLOCKS = 0.90  # single-feature AUC from which on a feature must be answered for
AHEAD_BLOCKS = 0.80  # the same where it is far ahead of the next
AHEAD = 0.15
NEAR = 0.05  # what stands so close below a suspect may be a leak of the same kind, and does not hide it
GUESSING = 0.5
LISTED = 5
LISTED_REFUSED = 10  # where training is refused: enough to mend the mapping at one go
SAMPLE = 20_000  # rows on which features are ranked
FEW = 10  # values of what may be a copy of the outcome


@dataclass(frozen=True)
class Suspect:
    """A feature's own power to tell the outcome.

    Attributes
    ----------
    ref : str
    auc : float
    gap : float
        To the next feature.
    ahead : float
        To the strongest feature that is no suspect beside it: clearly weaker, and below the level from which on being
        ahead blocks. Two leaks that lie close together are both far ahead of the rest.
    null_auc : float
        Of being known or not alone.
    is_copy : bool
    """

    ref: str
    auc: float
    gap: float
    ahead: float
    null_auc: float
    is_copy: bool


def rank(rows: Rows, inputs: Sequence[Input], *, seed: int) -> list[Suspect]:
    """Every feature by its single-feature AUC, strongest first.

    A number is judged by its order and, in case the outcome lies in its middle, by the rates of twenty
    ranges; a category by its groups' rates; both with null as a value of its own. Rates are learned on one
    half of the entities and judged on the other.

    Examples
    --------
    >>> y = np.array([0.0, 1.0] * 50)
    >>> rows = Rows(np.arange(100), np.zeros(100, dtype=np.int64), y, {"a:x": y * 3, "a:z": np.arange(100.0)})
    >>> [suspect.ref for suspect in rank(rows, [Input("a:z", "float", "z"), Input("a:x", "float", "x")], seed=1)]
    ['a:x', 'a:z']
    """
    if len(rows) > SAMPLE:
        rows = rows.take(np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False))
    half = fold_of(rows.ids, rows.y, 2, seed=seed) == 0
    powers = {item.ref: _power(rows.frame[item.ref], rows.y, half, item.dtype) for item in inputs}
    order = sorted(powers, key=lambda ref: -powers[ref])
    following = {ref: powers[later] for ref, later in zip(order, [*order[1:], order[-1]], strict=True)} if order else {}
    return [
        Suspect(
            ref,
            powers[ref],
            powers[ref] - following[ref],
            powers[ref] - _rest(powers[ref], powers.values()),
            _null_auc(rows.frame[ref], rows.y),
            _is_copy(rows.frame[ref], rows.y),
        )
        for ref in order
    ]


def audit(
    name: str, suspects: Sequence[Suspect], *, answered: Collection[str] = (), clocked: Collection[str] = ()
) -> list[Leak]:
    """The first suspects in words, strongest first.

    Parameters
    ----------
    name : str
        The model, for the error.
    suspects : sequence of Suspect
    answered : collection of str
        Features for which the source's mapping says ``suspect: allowed``.
    clocked : collection of str
        Features made of events and versions with times: they cannot hold what was not known at the moment.

    Raises
    ------
    TrainingError
        If a suspect is above the stated level (AUC 0.90, or 0.80 and 0.15 ahead of all that are no suspects beside it,
        or a copy of the outcome), and it is neither answered for nor safe by its clocks. Names all such suspects, and
        so many others that ten are listed.
    """
    listed = [_leak(suspect, suspect.ref in answered, suspect.ref in clocked) for suspect in suspects]
    blocking = sum(leak.blocks for leak in listed)
    if blocking:
        others = [leak for leak in listed if not leak.blocks][: max(0, LISTED_REFUSED - blocking)]
        raise TrainingError.leak(name, [leak for leak in listed if leak.blocks or leak in others])
    return listed[:LISTED]


def _leak(suspect: Suspect, is_answered: bool, is_clocked: bool) -> Leak:
    finding = f"single-feature AUC {suspect.auc:.3f}, {suspect.gap:.3f} ahead of the next"
    is_ahead = suspect.auc >= AHEAD_BLOCKS and suspect.ahead >= AHEAD
    if is_ahead and suspect.gap < AHEAD:
        finding += f" and {suspect.ahead:.3f} ahead of the rest"
    if suspect.null_auc >= 0.55:
        finding += f", {suspect.null_auc:.3f} from being known or not alone"
    if suspect.is_copy:
        finding += ", a copy of the outcome"
    blocks = suspect.is_copy or suspect.auc >= BLOCKS or is_ahead
    if blocks and is_answered:
        finding += "; allowed by its source's mapping"
    elif blocks and is_clocked:
        finding += "; made of records with times, so it was known before the outcome"
    return Leak(suspect.ref, finding, round(suspect.auc, 4), blocks and not (is_answered or is_clocked))


def _rest(own: float, powers: Collection[float]) -> float:
    """The strongest power that is clearly weaker and below the level; guessing where there is none."""
    return max((power for power in powers if power < min(AHEAD_BLOCKS, own - NEAR)), default=GUESSING)


def _power(values: npt.NDArray[Any], y: Floats, half: npt.NDArray[np.bool_], dtype: str) -> float:
    if dtype == "category":
        return _grouped_power(_codes(values), y, half)
    fillers = (-np.inf, np.inf) if np.isnan(values).any() else (0.0,)
    by_order = [_either(y, np.where(np.isnan(values), filler, values)) for filler in fillers]
    return max(_grouped_power(_ranges(values), y, half), *by_order)


def _either(y: Floats, score: Floats) -> float:
    value = float(auc(y, score, np.ones((1, len(y))))[0])
    return max(value, 1 - value) if value == value else 0.5


def _grouped_power(groups: npt.NDArray[np.intp], y: Floats, half: npt.NDArray[np.bool_]) -> float:
    score = np.empty(len(y))
    size = int(groups.max()) + 1
    for inside in (half, ~half):
        hits = np.bincount(groups[inside], weights=y[inside], minlength=size)
        rows = np.bincount(groups[inside], minlength=size)
        base = y[inside].mean() if inside.any() else 0.5
        score[~inside] = ((hits + 10 * base) / (rows + 10))[groups[~inside]]
    # the two halves learned different base rates, so each is judged by itself
    parts = [_one_sided(y[part], score[part]) for part in (half, ~half)]
    return float(np.mean(parts))


def _one_sided(y: Floats, score: Floats) -> float:
    value = float(auc(y, score, np.ones((1, len(y))))[0]) if len(y) else 0.5
    return value if value == value else 0.5


def _ranges(values: Floats) -> npt.NDArray[np.intp]:
    known = values[np.isfinite(values)]
    edges = np.unique(np.quantile(known, np.arange(1, 20) / 20)) if len(known) else np.zeros(0)
    places = np.searchsorted(edges, values, side="right") + 1
    places[~np.isfinite(values)] = 0
    return places


def _codes(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    import pandas as pd

    return np.asarray(pd.factorize(values, use_na_sentinel=True)[0] + 1, dtype=np.intp)


def _null_auc(values: npt.NDArray[Any], y: Floats) -> float:
    null: npt.NDArray[np.bool_] = values != values  # NaN; of words, None is null too
    if values.dtype == object:
        null |= np.array([value is None for value in values], dtype=bool)
    return _either(y, null.astype(np.float64)) if null.any() else 0.5


def _is_copy(values: npt.NDArray[Any], y: Floats) -> bool:
    """Whether there is one value per outcome: knowing the feature is knowing the outcome."""
    places = _codes(values)
    if places.max(initial=0) > FEW:
        return False
    seen = len(np.unique(places))
    pairs = len(np.unique(places * 2 + y.astype(np.intp)))
    return seen == pairs and seen <= FEW and 0 < y.sum() < len(y)
