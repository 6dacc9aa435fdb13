"""Expressions over the features of one view: one text, evaluated by an allow-list, the same in every home."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import DeclarationError

Values = NDArray[np.float64]

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
    ast.USub: np.negative, ast.UAdd: np.positive, ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater,
    ast.GtE: np.greater_equal, ast.Eq: np.equal, ast.NotEq: np.not_equal,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in ("abs", "sqrt", "log", "log1p", "exp", "expm1", "floor", "ceil", "sign", "minimum", "maximum", "where",
                 "isnan", "fmin", "fmax", "clip")
}


@dataclass(frozen=True)
class Expression:
    """A formula over other features of the view; the answer is a float, null (NaN) where the formula has none.

    Attributes
    ----------
    text : str
        For example ``"log1p(spend_90d)"``.
    unit, title : str
    """

    text: str
    unit: str = ""
    title: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The features that it uses, in order of first mention.

        Examples
        --------
        >>> Expression("spend_30d / maximum(spend_90d, 1)").names
        ('spend_30d', 'spend_90d')
        """
        return _names(self.text)

    def called(self, title: str) -> Expression:
        """The same, called `title`."""
        return Expression(self.text, self.unit, title)


def ratio(part: str, whole: str, *, unit: str = "share") -> Expression:
    """One feature over another; null where the other is null or 0.

    Examples
    --------
    >>> ratio("spend_30d", "spend_90d").text
    'where(spend_90d == 0, nan, spend_30d / spend_90d)'
    """
    return Expression(f"where({whole} == 0, nan, {part} / {whole})", unit)


def expression(text: str, *, unit: str = "", title: str = "") -> Expression:
    """A formula over other features of the same view.

    Raises
    ------
    DeclarationError
        If the text holds anything but names, numbers, arithmetic, comparisons and the functions listed here.

    Examples
    --------
    >>> expression("__import__('os')")
    Traceback (most recent call last):
    ...
    features.errors.DeclarationError: the expression "__import__('os')" uses '__import__'; one of abs, ceil, clip, exp, \
expm1, floor, fmax, fmin, isnan, log, log1p, maximum, minimum, sign, sqrt, where is expected; write it with those
    """
    parse(text)
    return Expression(text, unit, title)


@cache
def _names(text: str) -> tuple[str, ...]:
    tree = parse(text)
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(dict.fromkeys(node.id for node in found if node.id != "nan"))


@cache
def parse(text: str) -> ast.expr:
    """The tree of a formula, every node of which is allowed; raises like `expression`."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise DeclarationError(
            f"the expression {text!r} cannot be read ({error.msg}); a formula over features is expected; mend it"
        ) from error
    _check(tree, text)
    return tree


def compute(text: str, columns: Mapping[str, Values]) -> Values:
    """The value of a formula over columns of equal length.

    Examples
    --------
    >>> compute("a / b", {"a": np.array([1.0, 2.0]), "b": np.array([2.0, 0.0])}).tolist()
    [0.5, nan]
    """
    rows = len(next(iter(columns.values()))) if columns else 1
    with np.errstate(all="ignore"):
        value = np.asarray(_evaluate(parse(text), columns), np.float64)
    value = np.ascontiguousarray(np.broadcast_to(value, (rows,)))
    return np.where(np.isfinite(value), value, np.nan)


def _evaluate(node: ast.expr, columns: Mapping[str, Values]) -> Any:
    match node:
        case ast.Constant(value):
            return float(value)  # type: ignore[arg-type]  # parse lets only numbers through
        case ast.Name("nan"):
            return np.nan
        case ast.Name(name):
            return columns[name]
        case ast.UnaryOp(operator, operand):
            return OPERATORS[type(operator)](_evaluate(operand, columns))
        case ast.BinOp(left, operator, right):
            return OPERATORS[type(operator)](_evaluate(left, columns), _evaluate(right, columns))
        case ast.Compare(left, [test], [right]):
            return OPERATORS[type(test)](_evaluate(left, columns), _evaluate(right, columns))
        case ast.Call(ast.Name(name), arguments):
            return FUNCTIONS[name](*(_evaluate(item, columns) for item in arguments))
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _check(node: ast.expr, text: str) -> None:
    match node:
        case ast.Constant(value) if isinstance(value, int | float) and not isinstance(value, bool):
            return
        case ast.Name():
            return
        case ast.UnaryOp(operator, operand) if type(operator) in OPERATORS:
            _check(operand, text)
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            _check(left, text)
            _check(right, text)
        case ast.Compare(left, [test], [right]) if type(test) in OPERATORS:
            _check(left, text)
            _check(right, text)
        case ast.Call(ast.Name(name), arguments, []):
            if name not in FUNCTIONS:
                raise DeclarationError(
                    f"the expression {text!r} uses {name!r}; one of {', '.join(sorted(FUNCTIONS))} is expected; "
                    "write it with those"
                )
            for item in arguments:
                _check(item, text)
        case _:
            raise DeclarationError(
                f"the expression {text!r} holds {ast.unparse(node)!r}; names, numbers, arithmetic, comparisons and "
                f"{', '.join(sorted(FUNCTIONS))} are expected; write it with those"
            )
