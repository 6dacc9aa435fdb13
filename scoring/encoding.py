"""Feature values to model columns, from plain data: the exported form of a fitted preprocessing pipeline.

``features.json`` holds ``inputs`` (what each feature is), ``groups`` (category to code, with codes for
missing and for other values) and ``columns`` (each made from one feature: a number, a missing flag, a
code, or membership of one group). The same arithmetic runs for one row and for a million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.errors import FrameError
from scoring.model import Floats, Frame

FEW = 64  # up to so many rows a dictionary look-up per row is cheaper than factorising

Codes: TypeAlias = npt.NDArray[np.float64]


def signed_log(values: Floats) -> Floats:
    """``sign(x) · log(1 + |x|)``: tames skew, keeps sign, order and zero.

    Examples
    --------
    >>> signed_log(np.array([0.0, -1.0])).round(3).tolist()
    [0.0, -0.693]
    """
    result: Floats = np.copysign(np.log1p(np.abs(values)), values)
    return result


class Encoder:
    """Turns a frame into the matrix that the model's core was fitted on.

    Parameters
    ----------
    name : str
        The model's name, for error messages.
    inputs : sequence of mapping
        ``{"ref", "dtype", …}`` of each feature, ``dtype`` being ``float`` or ``category``.
    groups : mapping of str to mapping
        Per category feature ``{"values": {text: code}, "missing": code, "other": code}``.
    columns : sequence of mapping
        ``{"ref", "as": "number", "fill", "log", "low", "high", "center", "scale"}``,
        ``{"ref", "as": "missing"}``, ``{"ref", "as": "code"}`` or ``{"ref", "as": "group", "code"}``.

    Examples
    --------
    >>> encoder = Encoder("demo", [{"ref": "a:x", "dtype": "float"}], {},
    ...     [{"ref": "a:x", "as": "number", "fill": 2.0, "log": False, "low": None, "high": 5.0,
    ...       "center": 1.0, "scale": 2.0}, {"ref": "a:x", "as": "missing"}])
    >>> encoder.matrix({"a:x": np.array([np.nan, 9.0])}).tolist()
    [[0.5, 1.0], [2.0, 0.0]]
    """

    def __init__(
        self,
        name: str,
        inputs: Sequence[Mapping[str, Any]],
        groups: Mapping[str, Mapping[str, Any]],
        columns: Sequence[Mapping[str, Any]],
    ) -> None:
        used = {str(item["ref"]) for item in columns}
        self.name = name
        self.refs = [str(item["ref"]) for item in inputs if str(item["ref"]) in used]
        self.columns = columns
        is_category = {str(item["ref"]): item["dtype"] == "category" for item in inputs}
        self._groups = [groups[ref] if is_category[ref] else None for ref in self.refs]
        place = {ref: index for index, ref in enumerate(self.refs)}
        self._source = np.array([place[str(item["ref"])] for item in columns], dtype=np.intp)
        self._is_straight = np.array_equal(self._source, np.arange(len(self.refs)))
        self._missing = _indices(columns, "missing")
        self._members = _indices(columns, "group")
        self._code = np.array([float(columns[index]["code"]) for index in self._members])
        self._plan_numbers(_indices(columns, "number"))

    def _plan_numbers(self, numbers: npt.NDArray[np.intp]) -> None:
        items = [self.columns[index] for index in numbers]
        self._numbers = numbers
        self._fill = _vector(items, "fill", np.nan)
        self._log = np.array([bool(item["log"]) for item in items], dtype=bool)
        self._low, self._high = _vector(items, "low", -np.inf), _vector(items, "high", np.inf)
        self._center, self._scale = _vector(items, "center", 0.0), _vector(items, "scale", 1.0)
        self._is_plain = not (
            np.isfinite(self._fill).any()
            or self._log.any()
            or np.isfinite(self._low).any()
            or np.isfinite(self._high).any()
            or self._center.any()
            or (self._scale != 1).any()
        )

    def matrix(self, frame: Frame) -> Floats:
        """Model columns of every row.

        Parameters
        ----------
        frame : mapping of str to ndarray
            Values of each feature; infinities count as null.

        Returns
        -------
        ndarray of float64, shape (rows, columns)

        Raises
        ------
        FrameError
            If a feature is missing from the frame.
        """
        raw = self._raw(frame)
        result = raw if self._is_straight else raw[:, self._source]
        if not self._is_plain:
            result[:, self._numbers] = self._number(result[:, self._numbers])
        if self._missing.size:
            result[:, self._missing] = np.isnan(result[:, self._missing])
        if self._members.size:
            result[:, self._members] = result[:, self._members] == self._code
        return result

    def _raw(self, frame: Frame) -> Floats:
        try:
            values = [frame[ref] for ref in self.refs]
        except KeyError:
            raise FrameError.lacks(self.name, [ref for ref in self.refs if ref not in frame]) from None
        rows = len(values[0]) if values else 0
        if rows == 1:  # one array made from plain numbers costs a tenth of filling it column by column
            pairs = zip(values, self._groups, strict=True)
            raw = np.array([[item[0] if group is None else _code(item[0], group) for item, group in pairs]])
        else:
            raw = np.empty((rows, len(values)))
            for index, group in enumerate(self._groups):
                raw[:, index] = values[index] if group is None else codes(values[index], group)
        raw[np.isinf(raw)] = np.nan
        return raw

    def _number(self, values: Floats) -> Floats:
        values = np.where(np.isnan(values), self._fill, values)
        if self._log.any():
            values[:, self._log] = signed_log(values[:, self._log])
        values = np.minimum(np.maximum(values, self._low), self._high)
        result: Floats = (values - self._center) / self._scale
        return result


def codes(values: npt.NDArray[Any], group: Mapping[str, Any]) -> Codes:
    """Codes of category values; null and unknown values get their own.

    Examples
    --------
    >>> codes(np.array(["a", None, "z"], dtype=object), {"values": {"a": 0}, "missing": 1, "other": 2}).tolist()
    [0.0, 1.0, 2.0]
    """
    if len(values) <= FEW:
        return np.array([_code(value, group) for value in values], dtype=np.float64)
    import pandas as pd

    places, distinct = pd.factorize(values, use_na_sentinel=True)
    table = np.array([*(_code(value, group) for value in distinct), float(group["missing"])])
    result: Codes = table[places]  # null is place -1, the last entry
    return result


def _code(value: object, group: Mapping[str, Any]) -> float:
    if value is None or value != value:
        return float(group["missing"])
    return float(group["values"].get(str(value), group["other"]))


def _indices(columns: Sequence[Mapping[str, Any]], kind: str) -> npt.NDArray[np.intp]:
    return np.array([index for index, item in enumerate(columns) if item["as"] == kind], dtype=np.intp)


def _vector(numbers: Sequence[Mapping[str, Any]], field: str, default: float) -> Floats:
    return np.array([default if item[field] is None else float(item[field]) for item in numbers], dtype=np.float64)
