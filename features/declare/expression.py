"""Expressions over the features of one view: one text, compiled by an allow-list, the same in every home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from features.errors import DeclarationError
from features.kernel import codes

OPERATORS: dict[type[ast.AST], int] = {
    ast.Add: codes.ADD,
    ast.Sub: codes.SUBTRACT,
    ast.Mult: codes.MULTIPLY,
    ast.Div: codes.DIVIDE,
    ast.Pow: codes.POWER,
    ast.USub: codes.NEGATE,
    ast.Lt: codes.BELOW,
    ast.LtE: codes.UP_TO,
    ast.Gt: codes.ABOVE,
    ast.GtE: codes.FROM,
    ast.Eq: codes.EQUAL,
    ast.NotEq: codes.UNEQUAL,
}
FUNCTIONS = {  # name: operation, number of arguments
    "abs": (codes.ABS, 1),
    "sqrt": (codes.SQRT, 1),
    "log": (codes.LOG, 1),
    "log1p": (codes.LOG1P, 1),
    "exp": (codes.EXP, 1),
    "expm1": (codes.EXPM1, 1),
    "floor": (codes.FLOOR, 1),
    "ceil": (codes.CEIL, 1),
    "sign": (codes.SIGN, 1),
    "isnan": (codes.ISNAN, 1),
    "minimum": (codes.MINIMUM, 2),
    "maximum": (codes.MAXIMUM, 2),
    "fmin": (codes.FMIN, 2),
    "fmax": (codes.FMAX, 2),
    "where": (codes.WHERE, 3),
}
DEPTH = 32

Token = tuple[int, str | float]


@dataclass(frozen=True)
class Expression:
    """A formula over other features of the view; the answer is a float, null (NaN) where the formula has none.

    Its functions mean what numpy's do; an infinite answer is null.

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
        found = [str(operand) for operation, operand in postfix(self.text) if operation == codes.LOAD]
        return tuple(dict.fromkeys(found))

    def called(self, title: str) -> Expression:
        """The same, called `title`."""
        return replace(self, title=title)


def ratio(part: str, whole: str, *, unit: str = "share") -> Expression:
    """One feature over another; null where the other is null or 0.

    Examples
    --------
    >>> ratio("spend_30d", "spend_90d").text
    'spend_30d / spend_90d'
    """
    return Expression(f"{part} / {whole}", unit)


def expression(text: str, *, unit: str = "", title: str = "") -> Expression:
    """A formula over other features of the same view.

    Raises
    ------
    DeclarationError
        If the text holds anything but names, numbers, arithmetic, comparisons and the functions listed here.

    Examples
    --------
    >>> expression("open('x')")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    features.errors.DeclarationError: the expression "open('x')" holds "open('x')"; names, numbers, arithmetic, ...
    """
    postfix(text)
    return Expression(text, unit, title)


@cache
def postfix(text: str) -> tuple[Token, ...]:
    """The tokens of a formula in the order of a stack machine; raises like `expression`.

    Each is an operation with a name, a number or 0.

    Examples
    --------
    >>> postfix("a + 2") == ((codes.LOAD, "a"), (codes.CONSTANT, 2.0), (codes.ADD, 0.0))
    True
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise DeclarationError(
            f"the expression {text!r} cannot be read ({error.msg}); a formula over features is expected; mend it"
        ) from error
    tokens = tuple(_tokens(tree, text))
    if len(tokens) > DEPTH:
        raise DeclarationError(
            f"the expression {text!r} has {len(tokens)} parts; at most {DEPTH} are expected; "
            "split it into several features"
        )
    return tokens


def _tokens(node: ast.expr, text: str) -> Iterator[Token]:
    match node:
        case ast.Constant(bool() | str() | bytes() | complex() | None):
            raise _unknown(node, text)
        case ast.Constant(int() | float() as number):
            yield codes.CONSTANT, float(number)
        case ast.Name("nan"):
            yield codes.CONSTANT, float("nan")
        case ast.Name(name):
            yield codes.LOAD, name
        case ast.UnaryOp(operator, operand) if type(operator) in OPERATORS:
            yield from _tokens(operand, text)
            yield OPERATORS[type(operator)], 0.0
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            yield from _tokens(left, text)
            yield from _tokens(right, text)
            yield OPERATORS[type(operator)], 0.0
        case ast.Compare(left, [test], [right]) if type(test) in OPERATORS:
            yield from _tokens(left, text)
            yield from _tokens(right, text)
            yield OPERATORS[type(test)], 0.0
        case ast.Call(ast.Name("clip"), [value, low, high], []):
            yield from _tokens(value, text)
            yield from _tokens(low, text)
            yield codes.MAXIMUM, 0.0
            yield from _tokens(high, text)
            yield codes.MINIMUM, 0.0
        case ast.Call(ast.Name(name), arguments, []) if name in FUNCTIONS and len(arguments) == FUNCTIONS[name][1]:
            for item in arguments:
                yield from _tokens(item, text)
            yield FUNCTIONS[name][0], 0.0
        case _:
            raise _unknown(node, text)


def _unknown(node: ast.expr, text: str) -> DeclarationError:
    return DeclarationError(
        f"the expression {text!r} holds {ast.unparse(node)!r}; names, numbers, arithmetic, comparisons and the "
        f"functions {', '.join(sorted([*FUNCTIONS, 'clip']))} are expected; write it with those"
    )
