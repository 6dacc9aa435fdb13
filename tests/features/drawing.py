"""Properties: tests of worlds drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FEW = settings(max_examples=4, deadline=None)
RANDOM = settings(FEW, max_examples=40, derandomize=False, print_blob=True)


def always(*drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[settings], None]]:
    """A property: of a few worlds that never change, and in the whole suite of many drawn anew each time."""

    def made(holds: Callable[..., None]) -> Callable[[settings], None]:
        @pytest.mark.parametrize("run", [FEW, pytest.param(RANDOM, marks=pytest.mark.slow)], ids=["few", "random"])
        def test(run: settings) -> None:
            run(given(*drawn)(holds))()

        return test

    return made
