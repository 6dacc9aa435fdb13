"""Whom a model may score: one expression over features, read the same way in batch and online."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.errors import FrameError, PopulationError
from scoring.model import Frame

Mask = npt.NDArray[np.bool_]

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b, ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
}


class Population:
    """A condition over flat feature names (``buying__orders_365d > 0``); an empty one holds for everybody.

    Comparisons, ``and``, ``or``, ``not`` and ``known(feature)`` are allowed. A comparison with null is false.

    Parameters
    ----------
    policy : mapping
        ``{"expression": text, "refs": [...]}``.

    Raises
    ------
    PopulationError
        If the text is broken or holds anything else.

    Examples
    --------
    >>> population = Population({"expression": "a__x > 1 or not known(a__x)", "refs": ["a:x"]})
    >>> population.holds("demo", {"a:x": np.array([1.0, 2.0, np.nan])}).tolist()
    [False, True, True]
    """

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self.expression = str(policy["expression"])
        self.refs = tuple(str(ref) for ref in policy["refs"])
        self._names = {ref.replace(":", "__", 1): ref for ref in self.refs}
        self._tree: ast.expr | None = None
        if self.expression:
            try:
                self._tree = ast.parse(self.expression, mode="eval").body
            except SyntaxError as error:
                raise PopulationError.unusable(self.expression, error.msg) from error
            self._mask(self._tree, {ref: np.empty(0) for ref in self.refs})

    def holds(self, name: str, frame: Frame) -> Mask:
        """Whether the condition holds for each row.

        Parameters
        ----------
        name : str
            The model's name, for error messages.
        frame : mapping of str to ndarray

        Raises
        ------
        FrameError
            If a feature is missing from the frame.
        """
        absent = [ref for ref in self.refs if ref not in frame]
        if absent:
            raise FrameError.lacks(name, absent)
        rows = len(next(iter(frame.values()), np.empty(0)))
        if self._tree is None:
            return np.ones(rows, dtype=bool)
        return self._mask(self._tree, frame)

    def _mask(self, node: ast.expr, frame: Frame) -> Mask:
        match node:
            case ast.BoolOp(op=operator, values=values):
                masks = [self._mask(value, frame) for value in values]
                combine = np.logical_and if isinstance(operator, ast.And) else np.logical_or
                return np.asarray(combine.reduce(masks), dtype=bool)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ~self._mask(operand, frame)
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARE:
                return self._compare(type(operator), left, right, frame)
            case ast.Call(func=ast.Name(id="known"), args=[argument], keywords=[]):
                return _known(self._value(argument, frame))
        raise PopulationError.unusable(self.expression, f"{ast.unparse(node)!r} is no condition")

    def _compare(self, operator: type[ast.cmpop], left: ast.expr, right: ast.expr, frame: Frame) -> Mask:
        first, second = self._value(left, frame), self._value(right, frame)
        result = np.asarray(_COMPARE[operator](first, second), dtype=bool)
        for side in (first, second):
            if isinstance(side, np.ndarray):
                result = result & _known(side)
        return result

    def _value(self, node: ast.expr, frame: Frame) -> Any:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.Name(id=name) if name in self._names:
                return frame[self._names[name]]
        raise PopulationError.unusable(self.expression, f"{ast.unparse(node)!r} is no feature of the model or constant")


def _known(values: Any) -> Mask:
    if not isinstance(values, np.ndarray):
        return np.ones(1, dtype=bool)
    if values.dtype == object:
        return np.array([value is not None and value == value for value in values], dtype=bool)
    return ~np.isnan(values)
