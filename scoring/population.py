"""Whom a model may score: one expression over features, read the same way in batch and online."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declare.expression import postfix
from features.errors import DeclarationError
from features.kernel import codes
from scoring.errors import FrameError, PopulationError
from scoring.model import Floats, Frame

Mask = npt.NDArray[np.bool_]

_OF_ONE: Mapping[int, Callable[..., Any]] = {codes.NEGATE: np.negative, codes.ABS: np.abs, codes.ISNAN: np.isnan}
_OF_TWO: Mapping[int, Callable[..., Any]] = {
    codes.ADD: np.add,
    codes.SUBTRACT: np.subtract,
    codes.MULTIPLY: np.multiply,
    codes.DIVIDE: np.divide,
    codes.MINIMUM: np.minimum,
    codes.MAXIMUM: np.maximum,
    codes.BELOW: np.less,
    codes.UP_TO: np.less_equal,
    codes.ABOVE: np.greater,
    codes.FROM: np.greater_equal,
    codes.EQUAL: np.equal,
    codes.UNEQUAL: np.not_equal,
}


class Population:
    """A condition over flat feature names (``buying__orders_365d > 0``); an empty one holds for everybody.

    The language is that of a view's expressions: comparisons with null are false, ``*`` means and,
    ``isnan(x)`` unknown. A category counts as 1 where it is known.

    Parameters
    ----------
    policy : mapping
        ``{"expression": text, "refs": [...]}``; every name of the text is the flat form of one of the refs.

    Raises
    ------
    PopulationError
        If the text is broken or names something else.

    Examples
    --------
    >>> population = Population({"expression": "(a__x > 1) * (a__x < 9)", "refs": ["a:x"]})
    >>> population.holds("demo", {"a:x": np.array([1.0, 2.0, np.nan])}).tolist()
    [False, True, False]
    """

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self.expression = str(policy["expression"])
        self.refs = tuple(str(ref) for ref in policy["refs"])
        self._flat = {ref.replace(":", "__", 1): ref for ref in self.refs}
        try:
            self._tokens = postfix(self.expression) if self.expression else ()
        except DeclarationError as error:
            raise PopulationError.unusable(self.expression, error) from error
        for operation, operand in self._tokens:
            if operation == codes.LOAD and operand not in self._flat:
                raise PopulationError.unusable(self.expression, f"it names {operand}, which its refs do not list")
            if operation not in (codes.LOAD, codes.CONSTANT, *_OF_ONE, *_OF_TWO):
                raise PopulationError.unusable(self.expression, "it uses more than arithmetic and comparisons")

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
        if not self.expression:
            return np.ones(len(next(iter(frame.values()), np.empty(0))), dtype=bool)
        with np.errstate(all="ignore"):
            return np.asarray(self._value(frame) == 1.0, dtype=bool)

    def _value(self, frame: Frame) -> Any:
        stack: list[Any] = []
        for operation, operand in self._tokens:
            if operation == codes.LOAD:
                stack.append(_number(frame[self._flat[str(operand)]]))
            elif operation == codes.CONSTANT:
                stack.append(operand)
            elif operation in _OF_ONE:
                stack.append(_OF_ONE[operation](stack.pop()) * 1.0)
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(_OF_TWO[operation](left, right) * 1.0)
        return stack.pop()


def _number(values: npt.NDArray[Any]) -> Floats:
    if values.dtype != object:
        return values
    return np.array([np.nan if value is None or value != value else 1.0 for value in values])
