"""Asking the oracle for what a feature of `worlds.every_operation` is, and comparing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tests.features import point_in_time
from tests.features.point_in_time import DAY
from tests.features.worlds import WINDOWS

TIMES = ("time_since_last", "time_since_first", "mean_gap")
SHARES = {"category": "tea", "line_no": 3}
Row = dict[str, Any]


class Oracle:
    """The oracle over one world, remembering what each moment may see.

    Parameters
    ----------
    rows : list of dict
    passes : callable, optional
        A condition on rows.
    """

    def __init__(self, rows: list[Row], passes: Callable[[Row], bool] = lambda row: True) -> None:
        self._rows = rows
        self._passes = passes
        self._seen: dict[tuple[int, int, int | None], list[Row]] = {}

    def ask(self, name: str, entity: int, moment: int, known_before: int | None = None) -> Any:
        """The answer for a feature by its name."""
        what, window = _split(name)
        operation, _, column = what.partition("__")
        argument: Any = None
        if operation.startswith("lag"):
            operation, argument = "lag", int(operation.removeprefix("lag"))
        if operation == "share":
            argument = SHARES[column]
        seen = point_in_time.in_window(self._visible(entity, moment, known_before), moment, window)
        answer = point_in_time.aggregate(seen, operation, column or None, moment, argument)
        if answer is None:
            return None
        if operation in TIMES:
            return answer / DAY
        if column == "amount" and operation not in ("count", "nunique", "share"):
            return answer / 10_000
        return str(answer) if column == "product_id" and operation in ("mode", "first", "last", "lag") else answer

    def _visible(self, entity: int, moment: int, known_before: int | None) -> list[Row]:
        key = entity, moment, known_before
        if key not in self._seen:
            seen = point_in_time.visible(self._rows, entity, moment, known_before)
            self._seen[key] = [row for row in seen if self._passes(row)]
        return self._seen[key]


def _split(name: str) -> tuple[str, int | None]:
    for window in WINDOWS:
        if window.suffix and name.endswith(f"_{window.suffix}"):
            return name.removesuffix(f"_{window.suffix}"), window.width
    return name, None


def tolerance(name: str) -> float:
    """The relative error that a feature may have; 0 is exact."""
    if name.startswith("sum__quantity"):
        return 1e-12
    return 1e-9 if name.startswith(("mean", "std", "slope", "time", "share")) else 0.0


def agrees(name: str, found: Any, wanted: Any) -> bool:
    """Whether the store's value is the oracle's."""
    if wanted is None:
        return found is None or (isinstance(found, float) and math.isnan(found))
    if isinstance(wanted, str):
        return bool(found == wanted)
    if tolerance(name) == 0.0:
        return bool(found == float(wanted))
    # a deviation of nearly equal values is compared against their size
    floor = 1e-3 if name.startswith(("std__quantity", "slope__quantity")) else 1e-12
    return math.isclose(found, float(wanted), rel_tol=tolerance(name), abs_tol=floor * tolerance(name) * 1e6)
