"""Why a score is what it is: exact contributions, grouped, in words with value and unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.model import Floats, Frame

PROTECTED = "circumstances that are not named"


@dataclass(frozen=True)
class Reason:
    """One reason behind a score.

    Attributes
    ----------
    text : str
        In words, with value, unit and signed effect: ``has not bought for 74 days (+0.8)``.
    feature : str
        The strongest feature of the group; empty when it must not be named.
    family : str
        The view that the group belongs to.
    effect : float
        What the group adds to the log-odds. All effects and the model's base add up to the score's log-odds.
    value : float, str or None
        The feature's value.
    """

    text: str
    feature: str
    family: str
    effect: float
    value: float | str | None

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return asdict(self)


class Reasons:
    """Words for the contributions of model columns.

    Parameters
    ----------
    inputs : sequence of mapping
        ``{"ref", "title", "unit", "family", "topic", "protected", "phrase"}`` per feature. Features of one
        topic (the same thing over several windows) are told as one reason.
    sources : sequence of str
        The feature behind each model column.
    """

    def __init__(self, inputs: Sequence[Mapping[str, Any]], sources: Sequence[str]) -> None:
        self.inputs = {str(item["ref"]): item for item in inputs}
        self.refs = list(dict.fromkeys(sources))
        place = {ref: index for index, ref in enumerate(self.refs)}
        self._column_ref = np.array([place[ref] for ref in sources], dtype=np.intp)
        topics = ["" if self.inputs[ref]["protected"] else str(self.inputs[ref]["topic"]) for ref in self.refs]
        self.topics = list(dict.fromkeys(topics))
        self._ref_topic = np.array([self.topics.index(topic) for topic in topics], dtype=np.intp)
        self._members = [np.flatnonzero(self._ref_topic == place) for place in range(len(self.topics))]

    def tell(self, frame: Frame, contributions: Floats, most: int | None) -> list[list[Reason]]:
        """Reasons of every row, strongest first.

        Parameters
        ----------
        frame : mapping of str to ndarray
        contributions : ndarray, shape (rows, columns)
        most : int or None
            At most so many per row, protected ones left out; None tells all, so that the effects add up.
        """
        by_ref = _add_up(contributions, self._column_ref, len(self.refs))
        by_topic = _add_up(by_ref, self._ref_topic, len(self.topics))
        weight = np.abs(by_topic)
        told = len(self.topics)
        if most is not None and "" in self.topics:
            weight[:, self.topics.index("")] = -1.0
            told -= 1
        order = np.argsort(-weight, axis=1, kind="stable")[:, : told if most is None else min(most, told)]
        return [
            [self._reason(frame, row, by_ref[row], int(topic), float(by_topic[row, topic])) for topic in order[row]]
            for row in range(len(contributions))
        ]

    def _reason(self, frame: Frame, row: int, effects: Floats, topic: int, effect: float) -> Reason:
        if self.topics[topic] == "":
            return Reason(f"{PROTECTED} ({effect:+.1f})", "", "", effect, None)
        members = self._members[topic]
        leader = members[int(np.argmax(effects[members] * np.sign(effect)))]
        item = self.inputs[self.refs[leader]]
        value = _plain(frame[self.refs[leader]][row])
        return Reason(f"{phrase(item, value)} ({effect:+.1f})", self.refs[leader], str(item["family"]), effect, value)


def phrase(item: Mapping[str, Any], value: float | str | None) -> str:
    """A feature's value in words.

    Parameters
    ----------
    item : mapping
        ``{"title", "unit", "phrase"}``; ``phrase`` may hold ``{value}`` and applies to values that are known.
    value : float, str or None

    Examples
    --------
    >>> phrase({"title": "time since last order", "unit": "days", "phrase": "has not ordered for {value}"}, 74.4)
    'has not ordered for 74 days'
    >>> phrase({"title": "contract", "unit": "", "phrase": None}, None)
    'contract: unknown'
    """
    if value is None:
        return f"{item['title']}: unknown"
    words = in_words(value, str(item["unit"] or ""))
    return str(item["phrase"]).format(value=words) if item["phrase"] else f"{item['title']}: {words}"


def in_words(value: float | str, unit: str) -> str:
    """A value with its unit, rounded for reading.

    Examples
    --------
    >>> in_words(1234.5, "GBP"), in_words(1.0, "days"), in_words(0.256, ""), in_words("DSL", "")
    ('1,234 GBP', '1 day', '0.26', 'DSL')
    """
    if isinstance(value, str):
        return value
    whole = abs(value) >= 100 or float(value).is_integer() or (unit == "days" and abs(value) >= 10)
    number = f"{value:,.0f}" if whole else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"
    if unit in ("", "money", "currency"):
        return number
    if number == "1" and unit.endswith("s") and unit.islower():
        unit = unit[:-1]
    return f"{number} {unit}"


def topics(titles: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What each topic is called: the words with which the titles of its features begin, up to where they differ.

    Parameters
    ----------
    titles : iterable of (topic, title)

    Examples
    --------
    >>> topics([("a", "spend in the last 30 days"), ("a", "spend in the last 90 days"), ("b", "days since the order")])
    {'a': 'spend', 'b': 'days since the order'}
    """
    found: dict[str, list[str]] = {}
    for topic, title in titles:
        found.setdefault(topic, []).append(title)
    return {topic: _in_common(list(dict.fromkeys(mine))) for topic, mine in found.items()}


def _in_common(titles: Sequence[str]) -> str:
    if len(titles) == 1:
        return titles[0]
    pairs = takewhile(lambda words: len(set(words)) == 1, zip(*(title.split() for title in titles), strict=False))
    return " ".join(words[0] for words in pairs).removesuffix(" in the last") or titles[0]


def _plain(value: object) -> float | str | None:
    if value is None or value != value:
        return None
    return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]  # a numpy number


def _add_up(values: Floats, target: npt.NDArray[np.intp], size: int) -> Floats:
    if np.array_equal(target, np.arange(size)):
        return values
    result = np.zeros((len(values), size))
    for index, place in enumerate(target):
        result[:, place] += values[:, index]
    return result
