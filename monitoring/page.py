"""The one door to Evidently: a page that shows each column beside its reference.

The page is drawn from small samples, shows our own figures and verdicts, and holds everything it needs: a policy in
its head forbids any request to a network.
"""

from __future__ import annotations

import html
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.columns import Column
from monitoring.sample import drawn, readable

ROWS = 1_000  # per side: what a small histogram can show
COLUMNS = 12  # most moved first; the JSON beside it holds all
METHOD = "rapport_psi"
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)

_SHOWN: ContextVar[Mapping[str, Column]] = ContextVar("columns of the page being drawn")


def preload() -> None:
    """Load Evidently, which takes seconds, for a process that will draw pages."""
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_module("evidently.presets")
        _register()


def render(
    title: str,
    columns: Mapping[str, Column],
    entries: Mapping[str, Mapping[str, Any]],
    current: Mapping[str, npt.NDArray[Any]],
    reference: Mapping[str, npt.NDArray[Any]],
    *,
    seed: int,
) -> str:
    """Evidently's page for a watch.

    Parameters
    ----------
    title : str
        Heads the page.
    columns : mapping of str to Column
        What was found on each column; its verdict is shown.
    entries : mapping of str to mapping
        Their profiles.
    current : mapping of str to ndarray
    reference : mapping of str to ndarray
        Reference rows, as far as they are at hand; other columns are drawn from their profile.
    seed : int
        Of the samples.

    Returns
    -------
    str
        HTML without any outside reference.
    """
    rng = np.random.default_rng(seed)
    sides: dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]] = {}
    for name in _most_moved(columns):
        before = reference[name] if name in reference else drawn(entries[name], ROWS, rng)
        sides[name] = (_some(readable(entries[name], before), rng), _some(readable(entries[name], current[name]), rng))
    shown = [name for name in sides if all(_has_values(side) for side in sides[name])]
    body, failed = _draw({name: sides[name] for name in shown}, columns)
    left_out = [*(name for name in sides if name not in shown), *failed]
    drawn_columns = len(shown) - len(failed)
    return _headed(_counted(body, columns, drawn_columns), title, len(columns), drawn_columns, left_out)


def _most_moved(columns: Mapping[str, Column]) -> list[str]:
    def weight(name: str) -> tuple[bool, float]:
        column = columns[name]
        return column.status == "drifted", max((item.value for item in column.measures.values()), default=0.0)

    return sorted(columns, key=weight, reverse=True)[:COLUMNS]


def _some(values: npt.NDArray[Any], rng: np.random.Generator) -> npt.NDArray[Any]:
    return values if len(values) <= ROWS else values[np.sort(rng.choice(len(values), ROWS, replace=False))]


def _has_values(values: npt.NDArray[Any]) -> bool:
    if values.dtype == object:
        return any(value is not None for value in values)
    return bool(np.isfinite(values).any())


def _draw(
    sides: Mapping[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]], columns: Mapping[str, Column]
) -> tuple[str, list[str]]:
    """The page of all columns that Evidently can draw, and the names of those that it cannot."""
    token = _SHOWN.set(columns)
    preload()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with suppress(Exception):  # one column ends the whole page: find it
                return _page(sides), []
            failed = [name for name in sides if not _is_drawable(name, sides[name])]
            return _page({name: pair for name, pair in sides.items() if name not in failed}), failed
    finally:
        _SHOWN.reset(token)


def _is_drawable(name: str, pair: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> bool:
    with suppress(Exception):
        return bool(_page({name: pair}))
    return False


def _page(sides: Mapping[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]) -> str:
    if not sides:
        return '<!DOCTYPE html><html lang="en"><head><title></title></head><body></body></html>'
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    numbers = [name for name, (before, _) in sides.items() if before.dtype != object]
    definition = DataDefinition(
        numerical_columns=numbers, categorical_columns=[name for name in sides if name not in numbers]
    )
    before, now = (
        Dataset.from_pandas(
            pd.DataFrame({name: pd.Series(pair[side]) for name, pair in sides.items()}), data_definition=definition
        )
        for side in (0, 1)
    )
    preset = DataDriftPreset(columns=list(sides), method=METHOD, threshold=0.0, drift_share=1 / len(sides))
    return str(Report([preset]).run(now, before).get_html_str(as_iframe=False))


def _register() -> None:
    """Make our verdicts a drift test of Evidently's; it is given samples, and shows what was found on all rows."""
    from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    def found(before: Any, *_: Any) -> tuple[float, bool]:
        column = _SHOWN.get()[str(before.name)]
        distance = column.measures.get("distribution")
        return 0.0 if distance is None else distance.value, column.status == "drifted"

    kinds = [ColumnType.Numerical, ColumnType.Categorical]
    register_stattest(StatTest(METHOD, "PSI, nulls and unseen values apart", kinds, 0.0), found)


def _counted(page: str, columns: Mapping[str, Column], shown: int) -> str:
    """The page with its counts over all columns: Evidently counts those that it was given, the most moved."""
    moved = sum(column.status == "drifted" for column in columns.values())
    title = f"{moved} of {len(columns)} columns moved; the {shown} shown here moved most"
    counters = (
        f'"value": "{len(columns)}", "label": "Columns watched"}}, '
        f'{{"value": "{moved}", "label": "Columns that moved"}}, '
        f'{{"value": "{moved / len(columns):.1%}", "label": "Share that moved"}}'
    )
    for found, told in (
        (r"Drift is detected for [^\"]* of columns \([^\"]*\)\.", title),
        (r'"value": "\d+", "label": "Columns"\}.*?"label": "Share of Drifted Columns"\}', counters),
        (r'"value": "Dataset Drift", "label": "[^"]*"', f'"value": "{moved} moved", "label": "{title}"'),
    ):
        page = re.sub(found, told.replace("\\", r"\\"), page, flags=re.DOTALL)
    return page


def _headed(page: str, title: str, columns: int, shown: int, left_out: Sequence[str]) -> str:
    told = [
        f"{shown} of {columns} columns, most moved first, from at most {ROWS:,} rows on each side; verdicts are from "
        "all rows and count nulls and unseen values as well. The JSON file beside this page holds every figure."
    ]
    if left_out:
        told.append(f"Not drawn, for want of values: {', '.join(left_out)}.")
    name, note = html.escape(title), html.escape(" ".join(told))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}"><title>{name}</title>'
    top = f'<header style="font-family:sans-serif;padding:1rem 2rem 0"><h1>{name}</h1><p>{note}</p></header>'
    head, found, rest = page.partition("<head>")
    start, body, end = rest.partition("<body>")
    return f"{head}{found}{policy}{start}{body}{top}{end}"
