"""What is popular with customers in the same state: how often they had come, and how long ago, when they bought.

A state is told by a history alone, so it is the same in teaching, in a batch and online. Whoever never bought is in a
state of their own: what people buy first is not what they come back for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from scoring.artefact import Artefact
from scoring.errors import ArtefactError
from scoring.model import Floats

if TYPE_CHECKING:
    from scoring.ranker import History

VISITS = (1, 2, 4, 10)  # where each band of visits begins
DAYS = (7, 30, 90)  # where each band of days since the last visit ends
STATES = 1 + len(VISITS) * (len(DAYS) + 1)


def state(visits: Any, days: Any) -> npt.NDArray[np.intp]:
    """The state of customers with so many visits, the last so many days ago; 0 for those without a visit.

    Examples
    --------
    >>> state(np.array([0, 1, 1, 3, 50]), np.array([np.inf, 6.9, 7.0, 40.0, 400.0])).tolist()
    [0, 1, 2, 7, 16]
    """
    band = np.searchsorted(VISITS, visits, side="right") - 1
    since = np.searchsorted(DAYS, days, side="right")
    return np.where(band < 0, 0, 1 + band * (len(DAYS) + 1) + since).astype(np.intp)


def words(number: int) -> str:
    """A state as a person says it.

    Examples
    --------
    >>> words(0), words(6)
    ('who buy for the first time', 'with 2 to 3 visits, the last 7 to 29 days ago')
    """
    if not number:
        return "who buy for the first time"
    band, since = divmod(number - 1, len(DAYS) + 1)
    often = _span(VISITS[band], VISITS[band + 1] if band + 1 < len(VISITS) else None, "visit")
    ago = f"less than {DAYS[0]} days ago"
    if since == len(DAYS):
        ago = f"{DAYS[-1]} days ago and longer"
    elif since:
        ago = f"{_span(DAYS[since - 1], DAYS[since], 'day')} ago"
    return f"with {often}, {ago}" if often == "1 visit" else f"with {often}, the last {ago}"


def _span(first: int, end: int | None, what: str) -> str:
    if end is None:
        return f"{first} {what}s and more"
    return f"{first} {what}" if end - first == 1 and first == 1 else f"{first} to {end - 1} {what}s"


@dataclass(frozen=True)
class States:
    """What customers in each state buy.

    Attributes
    ----------
    shares : ndarray of float64, shape (STATES, items)
        How much of each item is bought in a state, the most bought one 1.
    """

    shares: Floats

    def heard(self, histories: Sequence[History]) -> Floats:
        """Score of each item for each history, shape (histories, items)."""
        result: Floats = self.shares[[self.of(history) for history in histories]]
        return result

    @staticmethod
    def of(history: History) -> int:
        """The state of a history."""
        return int(state(history.visits, history.age_days.min(initial=np.inf)))

    def to_safetensors(self) -> bytes:
        """The shares as the bytes of a safetensors file: ``shares``."""
        from safetensors.numpy import save

        return save({"shares": np.ascontiguousarray(self.shares)})

    @classmethod
    def read(cls, artefact: Artefact, name: str, count: int) -> Self:
        """Read back what `to_safetensors` gave for `count` items.

        Raises
        ------
        ArtefactError
            If the file is missing, is none of shares, or holds other than a finite one for each state and item.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        if name not in artefact.files:
            raise ArtefactError.absent(artefact.path, [name])
        try:
            shares = load(artefact.files[name])["shares"]
        except (SafetensorError, KeyError) as error:
            raise ArtefactError.unreadable(artefact.path / name, error) from error
        if shares.shape != (STATES, count) or not np.isfinite(shares).all():
            raise ArtefactError.unreadable(
                artefact.path / name, f"{(STATES, count)} finite shares are expected, it holds {shares.shape}"
            )
        return cls(shares)
