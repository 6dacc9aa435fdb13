"""From the plain values of a YAML file to a rule; anything outside the language is one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

from segments.errors import SegmentError, near
from segments.rule import OPS, SUBJECTS, All, AnyOf, Comparison, Not, Op, Rule, Scalar, Subject, SubjectKind

MOST_CONDITIONS, DEEPEST = 200, 20
_LISTS = ("in", "not_in")
_NUMBERS = ("at_least", "at_most", "more_than", "less_than")


def parse(value: object, where: str) -> Rule:
    """The rule that plain values describe.

    Parameters
    ----------
    value : object
        What YAML gave: dictionaries, lists, texts, numbers.
    where : str
        How to name its place in a sentence (``configs/segments/a.yaml: where``).

    Raises
    ------
    SegmentError
        If a key, a subject, a comparison or a value is outside the language, naming its place.

    Examples
    --------
    >>> parse({"score": "churn", "at_least": 0.6}, "where")
    Comparison(subject=Subject(kind='score', name='churn'), op='at_least', operands=(0.6,))
    >>> parse({"score": "churn", "atleast": 0.6}, "where")
    Traceback (most recent call last):
    ...
    segments.errors.SegmentError: where has the key 'atleast'; a comparison is expected; close to it is 'at_least'
    """
    return _Parser().rule(value, where, 0)


class _Parser:
    def __init__(self) -> None:
        self.count = 0

    def rule(self, value: object, where: str, depth: int) -> Rule:
        self.count += 1
        if self.count > MOST_CONDITIONS or depth > DEEPEST:
            raise SegmentError(
                f"{where} goes beyond {MOST_CONDITIONS} conditions or {DEEPEST} levels; a rule that people can read is "
                "expected; split it into several segments"
            )
        if not isinstance(value, dict) or not value:
            raise SegmentError(
                f"{where} is {_shown(value)}; all, any, not or a condition such as {{score: churn, at_least: 0.6}} is "
                "expected; write one"
            )
        joins: dict[str, Callable[..., Rule]] = {"all": All, "any": AnyOf}
        for key, join in joins.items():
            if key in value:
                _alone(value, key, where)
                return join(self._parts(value[key], f"{where}.{key}", depth))
        if "not" in value:
            _alone(value, "not", where)
            return Not(self.rule(value["not"], f"{where}.not", depth + 1))
        return _test(value, where)

    def _parts(self, value: object, where: str, depth: int) -> tuple[Rule, ...]:
        if not isinstance(value, list) or not value:
            raise SegmentError(
                f"{where} is {_shown(value)}; a list of at least one condition is expected; write one with -"
            )
        return tuple(self.rule(item, f"{where}[{number}]", depth + 1) for number, item in enumerate(value, 1))


def _alone(value: dict[Any, Any], key: str, where: str) -> None:
    if len(value) > 1:
        other = next(str(item) for item in value if item != key)
        raise SegmentError(
            f"{where} has {key!r} beside {other!r}; one of them is expected; put both into one all: list"
        )


def _test(value: dict[Any, Any], where: str) -> Comparison:
    kinds = [key for key in value if key in SUBJECTS]
    if len(kinds) != 1:
        known = ", ".join(SUBJECTS)
        keys = ", ".join(str(key) for key in value)
        raise SegmentError(
            f"{where} has the keys {keys}; exactly one of {known} (or all, any, not) is expected; name one"
        )
    kind: SubjectKind = kinds[0]
    name = value[kind]
    if not isinstance(name, str) or not name.strip():
        raise SegmentError(
            f"{where}.{kind} is {_shown(name)}; the name of {SUBJECTS[kind]} is expected; write it as text"
        )
    ops = [key for key in value if key != kind]
    unknown = [str(key) for key in ops if key not in OPS]
    if unknown:
        raise SegmentError(f"{where} has the key {unknown[0]!r}; a comparison is expected; {near(unknown[0], OPS)}")
    if len(ops) != 1:
        raise SegmentError(
            f"{where} has {len(ops)} comparisons; exactly one of {', '.join(OPS)} is expected; use between, or two "
            "conditions"
        )
    op = cast(Op, ops[0])
    return Comparison(Subject(kind, name.strip()), op, _operands(op, value[op], f"{where}.{op}"))


def _operands(op: Op, value: object, where: str) -> tuple[Scalar, ...]:
    if op in _LISTS:
        if not isinstance(value, list) or not value:
            raise SegmentError(f"{where} is {_shown(value)}; a list of at least one value is expected; write [a, b]")
        return tuple(_scalar(item, where) for item in value)
    if op == "between":
        if not isinstance(value, list) or len(value) != 2:
            raise SegmentError(f"{where} is {_shown(value)}; two numbers are expected; write [low, high]")
        low, high = (_number(item, where) for item in value)
        if low > high:
            raise SegmentError(
                f"{where} is [{low:g}, {high:g}]; the smaller number is expected first; change their places"
            )
        return low, high
    if op == "known":
        if not isinstance(value, bool):
            raise SegmentError(f"{where} is {_shown(value)}; true or false is expected; write one of them")
        return (value,)
    if op == "top":
        share = _number(value, where)
        if not 0 < share < 1:
            raise SegmentError(
                f"{where} is {share:g}; a share between 0 and 1 is expected; write 0.2 for the top fifth"
            )
        return (share,)
    if op == "highest":
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SegmentError(
                f"{where} is {_shown(value)}; a whole number from 1 on is expected; write 500 for the first 500"
            )
        return (float(value),)
    return (_number(value, where) if op in _NUMBERS else _scalar(value, where),)


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise SegmentError(f"{where} is {_shown(value)}; a number is expected; write it without quotes")
    return float(value)


def _scalar(value: object, where: str) -> Scalar:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int | float) and _is_finite(value):
        return float(value)
    raise SegmentError(
        f"{where} is {_shown(value)}; a text, a number, true or false is expected; quote dates and empty texts"
    )


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
