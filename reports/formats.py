"""Numbers and moments as people read them: the same text on the page, in a chart and in a tooltip."""

from __future__ import annotations

import math
from datetime import date
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["text", "int", "number", "percent", "money", "days", "date"]

NOTHING = "–"
MINUS = "−"
SPACE = "\N{NO-BREAK SPACE}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def as_text(value: object, kind: Kind = "number", unit: str = "") -> str:
    """One value as text.

    Parameters
    ----------
    value : number, str, date or None
        ``percent`` takes a share (0.25 is 25 %); ``money`` takes whole units of the currency named in `unit`.
        None, NaN and infinities become a dash.
    kind : {"text", "int", "number", "percent", "money", "days", "date"}
    unit : str
        Written behind the number.

    Examples
    --------
    >>> as_text(-1234567.891, "money", "GBP")
    '−1,234,567.89\\xa0GBP'
    >>> as_text(0.256, "percent"), as_text(None), as_text(12, "days")
    ('25.6\\xa0%', '–', '12\\xa0days')
    """
    if value is None:
        return NOTHING
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return NOTHING
    if kind == "percent":
        return f"{_signed(100 * value, 1)}{SPACE}%"
    if kind == "days":
        return f"{_signed(value, 0 if float(value).is_integer() else 1)}{SPACE}days"
    digits = {"money": 2, "int": 0}.get(kind, _digits(value))
    return _signed(value, digits) + (SPACE + unit if unit else "")


def _digits(value: float) -> int:
    if float(value).is_integer() or abs(value) >= 1_000:
        return 0
    return 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3


def _signed(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):  # no minus before a zero
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def axis(marks: list[float], step: float, kind: Kind = "number") -> list[str]:
    """Labels of the ticks of one axis: no more digits than `step` needs, one scale (k, M, bn) for all.

    Examples
    --------
    >>> axis([0.0, 500_000.0, 1_000_000.0], 500_000.0)
    ['0.0', '0.5M', '1.0M']
    >>> axis([-0.05, 0.0], 0.05), axis([0.0, 0.2], 0.2, "percent")
    (['−0.05', '0.00'], ['0\\xa0%', '20\\xa0%'])
    """
    if kind == "percent":
        return [f"{_signed(100 * mark, _places(100 * step))}{SPACE}%" for mark in marks]
    most = max(abs(mark) for mark in marks)
    scale, suffix = next(
        ((size, name) for size, name in ((1e9, "bn"), (1e6, "M"), (1e4, "k")) if most >= size), (1.0, "")
    )
    scale = 1e3 if suffix == "k" else scale
    return [_signed(mark / scale, _places(step / scale)) + (suffix if mark else "") for mark in marks]


def _places(step: float) -> int:
    """Decimals that a multiple of `step` needs, at most six."""
    for digits in range(7):
        if abs(step * 10**digits - round(step * 10**digits)) < 1e-6:
            return digits
    return 6
