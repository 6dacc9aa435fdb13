"""The rule language: conditions over features, attributes, head columns, scores, likeness; joined by all, any and not.

A rule is a tree of the classes below and nothing else; nothing in it is ever executed. Truth has three values:
a condition on a value that is not known is neither true nor false, `not` of unknown is unknown, `all` is false as soon
as one part is false, `any` is true as soon as one part is true. Only those for whom the whole rule is true are members.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

SubjectKind: TypeAlias = Literal["feature", "attribute", "field", "score", "band", "likeness"]
Scalar: TypeAlias = "str | float | bool"
Op: TypeAlias = Literal[
    "is",
    "is_not",
    "in",
    "not_in",
    "at_least",
    "at_most",
    "more_than",
    "less_than",
    "between",
    "top",
    "highest",
    "known",
]

SUBJECTS: dict[SubjectKind, str] = {
    "feature": "a feature of the store, view:feature",
    "attribute": "a custom attribute of customers",
    "field": "a column of the customer itself",
    "score": "a model's number in its latest batch",
    "band": "a model's band or segment in its latest batch",
    "likeness": "a segment whose members others are to be like; 0 to 1, not known of the members themselves",
}
OPS: dict[Op, str] = {
    "is": "equal to the value",
    "is_not": "known and not equal",
    "in": "equal to one of the list",
    "not_in": "known and equal to none of the list",
    "at_least": ">=",
    "at_most": "<=",
    "more_than": ">",
    "less_than": "<",
    "between": "from the first to the second, both included",
    "top": "among the greatest share (0..1) of the known values; ties across the edge stay out",
    "highest": "among so many with the greatest known values; ties across the edge stay out",
    "known": "true: there is a value; false: there is none",
}


@dataclass(frozen=True)
class Subject:
    """What a condition looks at.

    Examples
    --------
    >>> Subject("attribute", "contract").ref, Subject("score", "churn").ref
    ('customer_attributes:contract', None)
    """

    kind: SubjectKind
    name: str

    @property
    def ref(self) -> str | None:
        """Its reference in the feature store; None for what comes from scores or is worked out."""
        views = {"feature": "", "attribute": "customer_attributes:", "field": "profile:"}
        return views[self.kind] + self.name if self.kind in views else None

    def __str__(self) -> str:
        return f"{self.kind} to {self.name}" if self.kind == "likeness" else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Comparison:
    """One comparison of a subject; `operands` holds its one, two or many values."""

    subject: Subject
    op: Op
    operands: tuple[Scalar, ...]


@dataclass(frozen=True)
class All:
    """True when every part is true."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True)
class AnyOf:
    """True when at least one part is true."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True)
class Not:
    """True when its part is false."""

    part: Rule


WORDS: dict[Op, str] = {
    "is": "is {}",
    "is_not": "is known and not {}",
    "in": "is one of {}",
    "not_in": "is known and none of {}",
    "at_least": "at least {}",
    "at_most": "at most {}",
    "more_than": "more than {}",
    "less_than": "less than {}",
    "between": "from {} to {}",
    "top": "among the highest {}",
    "highest": "among the {} highest",
    "known": "known: {}",
}

Rule: TypeAlias = "Comparison | All | AnyOf | Not"


def comparisons(rule: Rule) -> Iterator[Comparison]:
    """Every comparison in a rule, in the order in which it is written.

    Examples
    --------
    >>> one = Comparison(Subject("score", "churn"), "at_least", (0.6,))
    >>> [item.op for item in comparisons(All((one, Not(one))))]
    ['at_least', 'at_least']
    """
    match rule:
        case Comparison():
            yield rule
        case Not(part):
            yield from comparisons(part)
        case All(parts) | AnyOf(parts):
            for item in parts:
                yield from comparisons(item)


def words(rule: Rule) -> str:
    """A rule as one line for people.

    Examples
    --------
    >>> spend = Comparison(Subject("feature", "buying:spend_365d"), "top", (0.2,))
    >>> risk = Comparison(Subject("score", "churn"), "at_least", (0.5,))
    >>> words(All((spend, Not(AnyOf((risk, risk))))))
    'buying:spend_365d among the highest 20% and not (score churn at least 0.5 or score churn at least 0.5)'
    """
    match rule:
        case Comparison(subject, op, operands):
            told = [_told(op, item) for item in operands]
            name = subject.name if subject.kind == "feature" else str(subject)
            return f"{name} {WORDS[op].format(*told if op == 'between' else [', '.join(told)])}"
        case Not(part):
            return f"not ({words(part)})"
        case All(parts):
            return " and ".join(f"({words(item)})" if isinstance(item, AnyOf) else words(item) for item in parts)
        case AnyOf(parts):
            return " or ".join(words(item) for item in parts)


def _told(op: Op, value: Scalar) -> str:
    if isinstance(value, float) and op in ("top", "highest"):
        return f"{value:.0%}" if op == "top" else f"{value:,.0f}"
    return _plain(value)


def _plain(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
