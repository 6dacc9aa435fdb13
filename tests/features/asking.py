"""Asking the oracle for what a feature of `worlds.every_operation` or `worlds.alive` is, and how far off it may be."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

from tests.features import point_in_time
from tests.features.point_in_time import DAY
from tests.features.worlds import WINDOWS

TIMES = ("time_since_last", "time_since_first", "mean_gap")
ROUNDED = ("sum", "mean", "std", "slope", "mean_gap")
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

    def ask(self, name: str, entity: int, moment: int, known_before: int | None = None, ttl: int | None = None) -> Any:
        """The answer for a feature by its name."""
        operation, argument, column = _parts(name)
        answer = point_in_time.aggregate(
            self._rows_of(name, entity, moment, known_before, ttl), operation, column, moment, argument
        )
        if answer is None:
            return None
        if operation in TIMES:
            return answer / DAY
        if column == "amount" and operation not in ("count", "nunique", "share"):
            return answer / 10_000
        return str(answer) if column == "product_id" and operation in ("mode", "first", "last", "lag") else answer

    def error(self, name: str, entity: int, moment: int, known_before: int | None = None) -> float:
        """How far the store's answer may be off: nothing, but for sums of floats, means, deviations, slopes and gaps.

        A mean or slope in which magnitudes cancel out is held against these.
        """
        operation, _, column = _parts(name)
        if operation not in ("sum", "mean", "std", "slope", "mean_gap") or (
            operation == "sum" and column != "quantity"
        ):
            return 0.0
        rows = self._rows_of(name, entity, moment, known_before, None)
        wanted = self.ask(name, entity, moment, known_before)
        points = [(row["occurred_at"], row[column]) for row in rows if column and row[column] is not None]
        total = math.fsum(abs(value) for _, value in points)
        if operation == "sum":
            return 1e-12 * total
        scale = abs(float(wanted or 0.0))
        if operation == "mean" and column == "quantity" and points:
            return max(1e-9 * scale, 1e-12 * total / len(points))
        if operation == "slope" and wanted is not None:
            moments, values = (statistics.pstdev(side) for side in zip(*points, strict=True))
            scale = max(scale, values / moments * DAY / (10_000 if column == "amount" else 1))
        return 1e-9 * scale

    def agrees(
        self,
        name: str,
        found: Any,
        entity: int,
        moment: int,
        known_before: int | None = None,
        ttl: int | None = None,
    ) -> bool:
        """Whether the store's value is the oracle's."""
        wanted = self.ask(name, entity, moment, known_before, ttl)
        if wanted is None:
            return found is None or (isinstance(found, float) and math.isnan(found))
        if isinstance(wanted, str):
            return bool(found == wanted)
        return bool(abs(found - float(wanted)) <= self.error(name, entity, moment, known_before))

    def _rows_of(self, name: str, entity: int, moment: int, known_before: int | None, ttl: int | None) -> list[Row]:
        """The rows that a feature is made of, oldest first."""
        window = _window(name)
        if window is None and name.startswith(("last", "lag", "latest")):
            window = ttl
        return point_in_time.in_window(self._visible(entity, moment, known_before), moment, window)

    def _visible(self, entity: int, moment: int, known_before: int | None) -> list[Row]:
        key = entity, moment, known_before
        if key not in self._seen:
            seen = point_in_time.visible(self._rows, entity, moment, known_before)
            self._seen[key] = [row for row in seen if self._passes(row)]
        return self._seen[key]


def _window(name: str) -> int | None:
    widths = {window.suffix: window.width for window in WINDOWS if window.suffix}
    return widths.get(name.rpartition("_")[2])


def _parts(name: str) -> tuple[str, Any, str | None]:
    """Operation, argument and column of a feature by its name."""
    what = name.rpartition("_")[0] if _window(name) else name
    operation, _, column = what.partition("__")
    if operation.startswith("lag"):
        return "lag", int(operation.removeprefix("lag")), column
    return operation, SHARES.get(column) if operation == "share" else None, column or None
