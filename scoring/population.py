"""Whom a model may score: one expression over features, read the same way in batch and online."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declare.expression import Expression, compute
from features.errors import DeclarationError
from scoring.errors import FrameError, PopulationError
from scoring.model import Floats, Frame

Mask = npt.NDArray[np.bool_]


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
        if self.expression:
            try:
                names = set(Expression(self.expression).names) - {"nan"}
            except DeclarationError as error:
                raise PopulationError.unusable(self.expression, error) from error
            if names - set(self._flat):
                unknown = ", ".join(sorted(names - set(self._flat)))
                raise PopulationError.unusable(self.expression, f"it names {unknown}, which its refs do not list")

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
        columns = {flat: _number(frame[ref]) for flat, ref in self._flat.items()}
        result: Mask = compute(self.expression, columns) == 1.0
        return result


def _number(values: npt.NDArray[Any]) -> Floats:
    if values.dtype != object:
        return values
    return np.array([np.nan if value is None or value != value else 1.0 for value in values])
