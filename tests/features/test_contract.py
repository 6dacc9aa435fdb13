"""Every view through every check, every online store through every check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.checks import VIEW_CHECKS, ViewCheck, same_bits
from features.discovery import find_views
from features.online.checks import STORE_CHECKS, StoreCheck
from features.online.sqlite import SQLiteStore
from tests.features.worlds import every_operation

VIEWS = {**find_views(), "every_operation": every_operation()}


def test_the_views_wanted_are_there() -> None:
    wanted = {
        "affinity",
        "checkout",
        "buying",
        "engagement",
        "service",
        "profile",
        "customer_attributes",
        "lead_activity",
        "lead_attributes",
        "opportunity_attributes",
        "product_popularity",
    }
    assert wanted <= set(VIEWS)


@pytest.mark.parametrize("check", VIEW_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", VIEWS)
def test_view(name: str, check: ViewCheck) -> None:
    check(VIEWS[name])


@pytest.mark.parametrize("check", STORE_CHECKS, ids=lambda check: check.__name__)
def test_store(check: StoreCheck, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "online.db")
    try:
        check(store)
    finally:
        store.close()


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"a": [1.0, 0.0]}, r"a is 0\.0 in row 1; -0\.0 is expected"),
        ({"a": [np.nextafter(1, 2), -0.0]}, r"a is 1\.0000000000000002 in row 0; 1\.0 is expected"),
        ({"a": [1, 0]}, "a holds int64; float64 is expected"),
        ({"t": ["x", "None"]}, "t is 'None' in row 1; None is expected"),
        ({"t": ["y", None]}, "t is 'y' in row 0; 'x' is expected"),
        ({"b": [1, 2]}, r"the columns are \['a', 't', 'b'\]; \['a', 't'\] are expected"),
    ],
)
def test_frames_that_differ_in_a_bit_are_told_apart(other: dict[str, list[Any]], sentence: str) -> None:
    frame = pd.DataFrame({"a": [1.0, -0.0], "t": pd.Series(["x", None], dtype=object)})
    texts = {name: pd.Series(values, dtype=object if name == "t" else None) for name, values in other.items()}
    same_bits(frame, frame.copy())
    with pytest.raises(AssertionError, match=sentence):
        same_bits(frame.assign(**texts), frame)
    with pytest.raises(AssertionError, match="the rows are RangeIndex"):
        same_bits(frame.head(1), frame)
