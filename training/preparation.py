"""Preprocessing learned with feature-engine and scikit-learn, and exported to plain data.

The exported form is what `scoring.encoding` computes; training proves that both agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scoring import Floats, Frame
from scoring.encoding import signed_log
from training.inputs import Input

if TYPE_CHECKING:
    import pandas as pd

MISSING = "∅ missing"
RARE = "∅ rare"
MOST_GROUPS = 40  # categories of one feature that are told apart
FEWEST = 20  # rows that a category needs to be told apart
CAPPED = 0.005  # share of values pulled in on each side, for the linear rungs
FIRST = 1_000  # rows that mostly tell how many different values there are


class Preparation:
    """A fitted pipeline from a frame to the model's matrix; `taught` is that of the rows it was fitted on.

    Parameters
    ----------
    inputs : sequence of Input
    is_linear : bool
        For weighted sums categories become one column per group, and numbers are filled, tamed and scaled;
        for trees categories become codes in rising order of the outcome's rate and nulls stay null.
    is_capped : bool
        Whether weighted sums pull the outermost values in.

    Examples
    --------
    >>> frame = {"a:x": np.array([1.0, np.nan, 3.0, 5.0])}
    >>> preparation = Preparation([Input("a:x", "float", "x")], is_linear=False)
    >>> preparation.fit(frame, np.array([0.0, 1.0, 0.0, 1.0])).matrix(frame).tolist()
    [[1.0], [nan], [3.0], [5.0]]
    """

    def __init__(self, inputs: Sequence[Input], *, is_linear: bool, is_capped: bool = True) -> None:
        self.inputs = list(inputs)
        self.is_linear = is_linear
        self.is_capped = is_capped
        # the pipeline knows its columns as x0, x1, …, so that no name can be mistaken for a name and a category
        self.refs = {f"x{place}": item.ref for place, item in enumerate(inputs)}
        self.numbers: list[Any] = [f"x{place}" for place, item in enumerate(inputs) if item.dtype == "float"]
        self.categories: list[Any] = [f"x{place}" for place, item in enumerate(inputs) if item.dtype == "category"]
        self.logged: list[Any] = []
        self.names: list[str] = []
        self.taught: Floats = np.zeros((0, 0))
        self._pipeline: Any = None

    def fit(self, frame: Frame, y: Floats) -> Preparation:
        """Learn the pipeline from training rows."""
        import pandas as pd
        from sklearn.pipeline import Pipeline

        table = self._table(frame)
        self.logged = [name for name in self.numbers if _is_skewed(frame[self.refs[name]])] if self.is_linear else []
        self._pipeline = Pipeline(self._steps(table))
        fitted = self._pipeline.fit_transform(table, pd.Series(y))
        self.names = [str(name) for name in fitted.columns]
        self.taught = fitted.to_numpy(dtype=np.float64)
        return self

    def matrix(self, frame: Frame) -> Floats:
        """The pipeline's own answer, shape (rows, columns)."""
        result: Floats = self._pipeline.transform(self._table(frame)).to_numpy(dtype=np.float64)
        return result

    def export(self) -> dict[str, Any]:
        """Plain JSON: ``groups`` and ``columns`` as `scoring.encoding.Encoder` reads them."""
        groups = {self.refs[name]: self._group(name) for name in self.categories}
        return {"groups": groups, "columns": [self._column(name, groups) for name in self.names]}

    def _table(self, frame: Frame) -> pd.DataFrame:
        import pandas as pd

        columns = {}
        for name, ref in self.refs.items():
            values = frame[ref]
            if name in self.categories:
                values = np.array([None if value is None or value != value else str(value) for value in values], object)
                columns[name] = pd.Series(values, dtype=object)
            else:
                columns[name] = pd.Series(np.where(np.isfinite(values), values, np.nan))
        return pd.DataFrame(columns)

    def _steps(self, table: pd.DataFrame) -> list[tuple[str, Any]]:
        steps: list[tuple[str, Any]] = []
        if self.categories:
            steps += _category_steps(self.categories, len(table), is_linear=self.is_linear)
        if self.is_linear and self.numbers:
            steps += self._number_steps(table)
        if not steps:
            from sklearn.preprocessing import FunctionTransformer

            steps = [("as_they_are", FunctionTransformer())]
        return steps

    def _number_steps(self, table: pd.DataFrame) -> list[tuple[str, Any]]:
        from feature_engine.imputation import AddMissingIndicator, MeanMedianImputer
        from feature_engine.outliers import Winsorizer
        from feature_engine.wrappers import SklearnTransformerWrapper
        from sklearn.preprocessing import FunctionTransformer, StandardScaler

        gaps: list[Any] = [name for name in self.numbers if bool(table[name].isna().any())]
        wide: list[Any] = [name for name in self.numbers if self.is_capped and _is_wide(table[name].to_numpy())]
        steps: list[tuple[str, Any]] = []
        if gaps:
            steps.append(("gaps", AddMissingIndicator(missing_only=True, variables=gaps)))
        steps.append(("fill", MeanMedianImputer(imputation_method="median", variables=self.numbers)))
        if self.logged:
            tame = FunctionTransformer(signed_log, feature_names_out="one-to-one")
            steps.append(("log", SklearnTransformerWrapper(tame, variables=self.logged)))
        if wide:
            steps.append(("cap", Winsorizer(capping_method="quantiles", tail="both", fold=CAPPED, variables=wide)))
        steps.append(("scale", SklearnTransformerWrapper(StandardScaler(), variables=self.numbers)))
        return steps

    def _group(self, name: str) -> dict[str, Any]:
        named = self._pipeline.named_steps
        frequent = [str(value) for value in named["rare"].encoder_dict_[name]]
        if self.is_linear:
            shown = [*sorted(frequent), RARE]
            codes = {value: float(place) for place, value in enumerate(dict.fromkeys(shown))}
        else:
            codes = {str(value): float(code) for value, code in named["codes"].encoder_dict_[name].items()}
        other = codes.get(RARE, -1.0)
        values = {value: codes[value] for value in frequent if value not in (MISSING, RARE)}
        return {"values": values, "missing": codes[MISSING] if MISSING in frequent else other, "other": other}

    def _column(self, name: str, groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        known, is_part, value = name.partition("_")
        ref = self.refs[known]
        if known in self.numbers:
            return {"ref": ref, "as": "missing"} if value == "na" else {"ref": ref, "as": "number", **self._sum(name)}
        if not is_part:
            return {"ref": ref, "as": "code"}
        group = groups[ref]
        special = {MISSING: group["missing"], RARE: group["other"]}
        return {"ref": ref, "as": "group", "code": special.get(value, group["values"].get(value))}

    def _sum(self, name: str) -> dict[str, Any]:
        if not self.is_linear:
            return {"fill": None, "log": False, "low": None, "high": None, "center": 0.0, "scale": 1.0}
        named = self._pipeline.named_steps
        scaler, place = named["scale"].transformer_, self.numbers.index(name)
        caps = named.get("cap")
        low = caps.left_tail_caps_.get(name) if caps is not None else None
        high = caps.right_tail_caps_.get(name) if caps is not None else None
        return {
            "fill": float(named["fill"].imputer_dict_[name]),
            "log": name in self.logged,
            "low": None if low is None else float(low),
            "high": None if high is None else float(high),
            "center": float(scaler.mean_[place]),
            "scale": float(scaler.scale_[place]),
        }


def _category_steps(categories: list[Any], rows: int, *, is_linear: bool) -> list[tuple[str, Any]]:
    from feature_engine.encoding import OneHotEncoder, OrdinalEncoder, RareLabelEncoder
    from feature_engine.imputation import CategoricalImputer

    share = min(0.5, max(0.005, FEWEST / max(rows, 1)))
    rare = RareLabelEncoder(
        tol=share, n_categories=1, max_n_categories=MOST_GROUPS, replace_with=RARE, variables=categories
    )
    last = (
        ("members", OneHotEncoder(variables=categories, drop_last_binary=True))
        if is_linear
        else ("codes", OrdinalEncoder(encoding_method="ordered", variables=categories, unseen="encode"))
    )
    fill = CategoricalImputer(imputation_method="missing", fill_value=MISSING, variables=categories)
    return [("missing", fill), ("rare", rare), last]


def _is_wide(values: Floats) -> bool:
    """Whether there are outermost values to pull in; filled as they will be, most may be one value."""
    known = values[~np.isnan(values)]
    if not has_more_than(20, known):
        return False
    filled = np.where(np.isnan(values), np.median(known), values)
    low, high = np.quantile(filled, [CAPPED, 1 - CAPPED])
    return bool(high > low)


def _is_skewed(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    if not has_more_than(10, known):
        return False
    plain = _skewness(known)
    return plain > 1.0 and _skewness(signed_log(known)) < plain


def _skewness(values: Floats) -> float:
    spread = float(values.std())
    if not spread > 0:
        return 0.0
    scaled = (values - values.mean()) / spread
    return abs(float((scaled * scaled * scaled).mean()))


def has_more_than(count: int, values: npt.NDArray[Any]) -> bool:
    """Whether there are more than so many different values; the first rows of a column mostly tell.

    Examples
    --------
    >>> has_more_than(2, np.array([1.0, 2.0, 1.0])), has_more_than(1, np.array([1.0, 2.0]))
    (False, True)
    """
    return len(np.unique(values[:FIRST])) > count or len(np.unique(values)) > count
