"""A threshold crossed, in words, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["low", "medium", "high"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")


@dataclass(frozen=True)
class Alert:
    """One thing that moved.

    Attributes
    ----------
    subject : str
        The column's reference, ``score``, or what is too old.
    measure : str
        ``distribution``, ``null_rate``, ``unseen_rate``, ``age``, ``auc``, ``calibration``, ``coverage``,
        ``skew``.
    severity : {"low", "medium", "high"}
    text : str
        What moved, with its numbers.
    action : str
        What to do.
    numbers : mapping
        Plain JSON: the figures in the text.

    Examples
    --------
    >>> print(Alert("score", "distribution", "low", "the score moved", "wait").line())
    [low] score: the score moved. What to do: wait.
    """

    subject: str
    measure: str
    severity: Severity
    text: str
    action: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return asdict(self)

    def line(self) -> str:
        """One line to print."""
        return f"[{self.severity}] {self.subject}: {self.text}. What to do: {self.action}."
