"""A verdict with its reasons and numbers, as it is stored and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Decision:
    """Whether a challenger becomes champion, and why.

    Attributes
    ----------
    promote : bool
    reasons : tuple of str
        Sentences; the first says the verdict, the others name each test with its numbers.
    numbers : mapping
        Plain JSON: every figure behind the reasons (``{"value", "low", "high"}`` where it has an interval),
        and the rules that were applied.

    Examples
    --------
    >>> Decision.from_json(Decision(False, ("grade D is never promoted",)).to_json()).promote
    False
    """

    promote: bool
    reasons: tuple[str, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """``{"promote", "reasons", "numbers"}``."""
        return {"promote": self.promote, "reasons": list(self.reasons), "numbers": dict(self.numbers)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The decision that `to_json` wrote."""
        return cls(bool(value["promote"]), tuple(value["reasons"]), dict(value.get("numbers", {})))
